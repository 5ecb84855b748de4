//! Ways to break the driver in Python as real apps break, and what must stand in the way of a GO then.

/// Ways in which real apps go wrong: the file, what stands there, what stands there instead, the scenario that
/// must show it, and words that must stand in the way of a GO then.
pub(super) type Breach = (&'static str, &'static str, &'static str, &'static str, &'static str);

/// One thing is broken in each.
pub(super) const BREACHES: &[Breach] = &[
    // The lock is got, then set.
    (
        "platform_calls.py",
        r#""value": value, "options": {"keyPolicy": "FAIL_IF_EXISTS"}})"#,
        r#""value": value})"#,
        "is late, does not take it",
        "was stored twice",
    ),
    // Nobody asks whether the lock ran out in the meantime.
    (
        "app.py",
        "if not storage.create(key, record):",
        "if storage.set(key, record):",
        "slept past its lock's life",
        "was stored twice",
    ),
    (
        "lock.py",
        r#" and parse(record["until"]) > now"#,
        "",
        "slept past its lock's life",
        "of worker \"B\" succeeded",
    ),
    (
        "app.py",
        "canonical(content)).hexdigest(),",
        "canonical([content, taken_at])).hexdigest(),",
        "hashes alike",
        "two hashes",
    ),
    (
        "app.py",
        "(Failed, Lost, Refused) as error:\n            outcome",
        "ZeroDivisionError as error:\n            outcome",
        "answers 403",
        "threw",
    ),
    (
        "app.py",
        "was {change}\"",
        "was {change}, which is dangerous\"",
        "What changed is told",
        "\"dangerous\"",
    ),
    (
        "app.py",
        "fencing_token\": lock.number,",
        "fencing_token\": lock.number, \"x\": SEEN.append(content) or SEEN[:],",
        "Tenants that one",
        "carries data of",
    ),
    (
        "app.py",
        "\"offline_access\"]",
        "\"offline_access\", \"read:project:jira\"]",
        "After one install",
        "beyond the baseline",
    ),
    ("app.py", "\"total_count\": len(events),", "", "Every operation", "lacks \"total_count\""),
    (
        "app.py",
        "FORMAT = \"python-driver.snapshot/1\"",
        "FORMAT = \"2\"",
        "Records of the released",
        "Known to the released",
    ),
    (
        "app.py",
        "\"detail\": detail}",
        "\"detail\": str(party)}",
        "After one install",
        "a token or another secret",
    ),
    (
        "platform_calls.py",
        "wait = self.retry_after(answered.get(\"Retry-After\"), wait)",
        "wait = 0",
        "is left alone until",
        "before the time",
    ),
    (
        "platform_calls.py",
        "if page[\"isLast\"]:\n                return",
        "return",
        "the last page",
        "different content has the same hash",
    ),
    (
        "driver.py",
        "lambda params: {},",
        "lambda params: __import__(\"subprocess\").Popen([\"sleep\", \"60\"]) and {},",
        "told to end",
        "processes behind",
    ),
    // The removal keeps what it should take along.
    (
        "app.py",
        "        for key, _ in storage.all(\"\"):\n            storage.delete(key)\n",
        "",
        "Every operation answers",
        "records of \"acme\" are left",
    ),
    // What one instance saw of a tenant it shows the next.
    (
        "app.py",
        "            \"items\": page,",
        "            \"items\": page, \"debug\": self.__dict__.setdefault(\"seen\", []).append(rows) or self.seen,",
        "serves in turn stay apart",
        "carries data of",
    ),
    // The judgement stands beside the text.
    (
        "app.py",
        "            \"items\": page,",
        "            \"items\": page, \"summary\": \"Your configuration is unhealthy\",",
        "Every operation answers",
        "the app says \"unhealthy\"",
    ),
    // An outage is stored as a site with nothing in it.
    (
        "platform_calls.py",
        "            raise Failed(f\"Jira answered {path.split('?')[0]} with {status}\", status)\n",
        "            return {\"values\": [], \"isLast\": True} if \"search\" in path else []\n",
        "is not stored as an empty one",
        "nothing could be read, and it reported",
    ),
    // Whoever is told nothing about when to come back comes back at once.
    (
        "platform_calls.py",
        "            return otherwise",
        "            return 0",
        "names no time",
        "came again at once",
    ),
    (
        "platform_calls.py",
        "        moment = email",
        "        return 0.001\n        moment = email",
        "names a date",
        "before the time",
    ),
    (
        "platform_calls.py",
        "answered.get(\"Retry-After\"), wait)",
        "answered.get(\"Retry-After\"), wait) if \"/ex/jira/\" in url else 0",
        "A storage that says when",
        "before the time",
    ),
    (
        "platform_calls.py",
        "answered.get(\"Retry-After\"), wait)",
        "answered.get(\"Retry-After\"), wait) if \"/ex/jira/\" in url else 0",
        "A token endpoint that says when",
        "before the time",
    ),
    // Failure is reported as success.
    (
        "app.py",
        "outcome, detail = \"failed\", str(error)",
        "outcome, detail = \"succeeded\", None",
        "is not stored as an empty one",
        "nothing could be read, and it reported",
    ),
    // What is told did not happen, or the other way round.
    (
        "app.py",
        "        return events\n    for",
        "        return events\n    events.append({\"id\": prefix, \"at\": at, \"text\": \"projects were removed\"})\n    for",
        "did not change nothing is told",
        "nothing of the site changed, and it tells",
    ),
    (
        "app.py",
        "\"added\" if id_ not in old else \"removed\" if",
        "\"removed\" if id_ not in old else \"added\" if",
        "is told as added",
        "`change` is \"removed\"",
    ),
    // The weekly job is looked after less than the daily one.
    (
        "app.py",
        "if kind == \"weekly\" else day",
        "if False else day",
        "A week has one snapshot",
        "it reported",
    ),
    (
        "app.py",
        "        if not storage.create(key, record):",
        "        if storage.set(key, record) if kind == \"weekly\" else not storage.create(key, record):",
        "over its successor's week",
        "stored twice",
    ),
    (
        "app.py",
        "        content = self.site(storage, party, lock.keep)",
        "        if kind == \"weekly\":\n            self.renewed(storage, self.token(storage)[\"version\"])\n            self.renewed(storage, self.token(storage)[\"version\"])\n        content = self.site(storage, party, lock.keep)",
        "renews a token once at most",
        "renewed the token of",
    ),
    // What is answered is made up.
    (
        "app.py",
        "            return self.snapshot(params, params[\"snapshot_type\"])",
        "            return {\"outcome\": \"succeeded\", \"window\": \"2026-01-05\", \"hash\": \"00\", \"fencing_token\": 1}",
        "Every operation answers",
        "no such snapshot lies in the storage",
    ),
    (
        "app.py",
        "        return {name: token[name] for name in TOKEN_STATE}",
        "        return {**{name: token[name] for name in TOKEN_STATE}, \"scopes\": [\"write:jira-work\"]}",
        "Every operation answers",
        "which was not granted",
    ),
    (
        "app.py",
        "        return {name: token[name] for name in TOKEN_STATE}",
        "        return {**{name: token[name] for name in TOKEN_STATE}, \"expires_at\": \"never\"}",
        "Every operation answers",
        "says that it ends at",
    ),
    // The contract is kept from those who compare it.
    (
        "app.py",
        "                \"list_drift\": PAGE,\n",
        "",
        "Every operation answers",
        "knows \"list_drift\", and does not describe it",
    ),
    ("app.py", "\"run_job\": REPORT", "\"run_job\": []", "Every operation answers", "its contract is empty"),
    // A cursor of somebody else ends the process.
    (
        "app.py",
        "        raise Refused(\"the cursor is not one of this listing\") from None",
        "        raise",
        "A cursor that the listing never gave",
        "was ended",
    ),
    (
        "platform_calls.py",
        "cursor = page.get(\"cursor\")",
        "cursor = None",
        "in short pages",
        "no text holds the name",
    ),
    // The storage of one tenant is read in a call for another.
    (
        "app.py",
        "        rows = self.storage(params).all(\"snapshot:\")",
        "        SEEN.append(params)\n        rows = [row for seen in SEEN[:1] + [params] for row in self.storage(seen).all(\"snapshot:\") if seen is params]",
        "asks nothing of another",
        "which was not for \"acme\"",
    ),
    // One tenant's withdrawal ends the job of all.
    (
        "app.py",
        "            outcome, detail = \"failed\", str(error)",
        "            if getattr(error, \"status\", None) in (400, 401, 403):\n                raise Refused(\"stop\")\n            outcome, detail = \"failed\", str(error)",
        "withdrew its consent",
        "threw",
    ),
    // What a job or a refusal says is judged too.
    (
        "app.py",
        "\"detail\": detail}",
        "\"detail\": \"a critical problem\"}",
        "After one install",
        "the app says \"critical\"",
    ),
    (
        "app.py",
        "        raise Refused(\"the cursor is not one of this listing\") from None",
        "        raise Refused(\"the cursor is wrong, you should mend it\") from None",
        "A cursor that the listing never gave",
        "the app says \"wrong\"",
    ),
    // A token in another writing, and one where everybody reads it.
    (
        "app.py",
        "        content = self.site(storage, party, lock.keep)",
        "        print(base64.b64encode(json.dumps(self.token(storage)).encode()).decode(), file=__import__(\"sys\").stderr, flush=True)\n        content = self.site(storage, party, lock.keep)",
        "After one install",
        "stands in its standard error",
    ),
    (
        "app.py",
        "storage.set(\"token\", token, secret=True)",
        "storage.set(\"token\", token, secret=True) or storage.set(\"debug\", json.dumps(token).encode().hex())",
        "After one install",
        "outside of /secret",
    ),
    // A lock that goes by what the storage forgets.
    (
        "lock.py",
        "        return not record[\"released\"] and parse(record[\"until\"]) > now",
        "        return not record[\"released\"]",
        "expired record lingers",
        "it reported",
    ),
];
