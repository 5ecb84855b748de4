//! What each format makes of one small judgement, to the letter. The evidence is a file under its chain, made
//! again by this test and compared, so nobody has to write it by hand.

use std::{fs, path::Path};

use gonogo::{
    evidence::{FORMAT, Header, Outcome, Policy, file::Writer},
    judge::judge_file,
    report::{Look, format},
};

use crate::invariants::{fixture, observations, whole};

const EVIDENCE: &str = "fixtures/report/judgement/evidence.jsonl";

/// One scenario of each kind: green with an invariant shown, green with one violated, red, undefined.
fn write(path: &Path) {
    let header = Header {
        format: FORMAT.into(),
        tool: "0.0.0".into(),
        started_at: "2026-01-01T00:00:00Z".parse().expect("a time"),
        subject: "reference app".into(),
        seed: 7,
        planned: 4,
        left_out: 0,
        previous_verdict: Some("UNCONDITIONAL GO".into()),
        accepted: vec![],
        release: None,
        shard: None,
        policy: Policy::default(),
    };
    let scenarios = [
        ("The app reads alone", Outcome::Passed, fixture("read_only_jira", "holds"), None),
        ("The app asks for more", Outcome::Passed, fixture("no_scope_expansion", "violated"), None),
        ("The lock is lost", Outcome::Failed, vec![], Some("Then it is held: it is not")),
        ("Nobody knows", Outcome::Undefined, vec![], Some("When x: no step is defined for this")),
    ];
    let mut writer = Writer::create(path, &header).expect("created");
    for (number, (name, outcome, between, error)) in scenarios.into_iter().enumerate() {
        let id = format!("features/a.feature:{}", 3 + number);
        let facts = whole(id, name, between, (outcome, error.map(str::to_owned)));
        for observation in observations(number, facts) {
            writer.append(&observation).expect("in order");
        }
    }
    writer.finish().expect("whole");
}

fn fixture_path() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(EVIDENCE)
}

fn drawn(name: &str) -> String {
    let judgement = judge_file(fixture_path()).expect("sound evidence");
    let look = Look { width: 100, colour: false };
    String::from_utf8((format(name).expect("a format").render)(&judgement, &look)).expect("UTF-8")
}

/// With `GONOGO_WRITE_FIXTURES` set, the file is written anew.
#[test]
fn the_evidence_is_what_the_writer_makes_today() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("evidence.jsonl");
    write(&path);
    let made = fs::read_to_string(&path).expect("read");
    if std::env::var_os("GONOGO_WRITE_FIXTURES").is_some() {
        fs::write(fixture_path(), &made).expect("written");
    }
    assert_eq!(made, fs::read_to_string(fixture_path()).expect(EVIDENCE));
}

#[test]
fn the_terminal_shows_it_so() {
    insta::assert_snapshot!(drawn("terminal"), @r###"
┌─────────────────────────────────────────────────────────────────────┐
│ NO-GO                                                               │
│ reference app: 4 scenarios planned, 2 passed, 1 failed, 1 undecided │
└─────────────────────────────────────────────────────────────────────┘

┌───────────────────────┬───────────────┬──────────────────────────────────────────────────────────┐
│ Invariant             ┆ Outcome       ┆ Why                                                      │
╞═══════════════════════╪═══════════════╪══════════════════════════════════════════════════════════╡
│ read_only_jira        ┆ holds         ┆ shown by 2 passed scenarios                              │
│ tenant_isolation      ┆ not exercised ┆ missing: deeds for two tenants, each with a planted mark │
│                       ┆               ┆ or keys of its own                                       │
│ deterministic_hashing ┆ not exercised ┆ missing: two snapshots of the same content; two          │
│                       ┆               ┆ snapshots of different content                           │
│ one_step_install      ┆ not exercised ┆ missing: an install without settings, followed by a job  │
│                       ┆               ┆ that succeeds for that tenant                            │
│ fire_and_forget_jobs  ┆ not exercised ┆ missing: a job that was started and ended with a report  │
│ silent_by_default     ┆ not exercised ┆ missing: a job that came to its end                      │
│ auto_repair_internal  ┆ not exercised ┆ missing: damage to the app's storage                     │
│ no_interpretation     ┆ not exercised ┆ missing: a text that the app shows                       │
│ backward_compatible   ┆ not exercised ┆ missing: a baseline                                      │
│ no_scope_expansion    ┆ violated      ┆ the operation "getAllUsers" is beyond the baseline       │
│                       ┆               ┆ (features/a.feature:4)                                   │
└───────────────────────┴───────────────┴──────────────────────────────────────────────────────────┘

┌─────────┬─────────┬────────┬────────┬───────────┐
│ Feature ┆ Planned ┆ Passed ┆ Failed ┆ Undecided │
╞═════════╪═════════╪════════╪════════╪═══════════╡
│ A       ┆ 4       ┆ 2      ┆ 1      ┆ 1         │
└─────────┴─────────┴────────┴────────┴───────────┘

 failed: The lock is lost (features/a.feature:5)
 undefined: Nobody knows (features/a.feature:6)
┌──────────────────────────────┬─────────┬───────────┬───┐
│ Metric                       ┆ Value   ┆ Threshold ┆   │
╞══════════════════════════════╪═════════╪═══════════╪═══╡
│ lock attempts                ┆ 0       ┆           ┆   │
│ lock attempts denied         ┆ 0       ┆           ┆   │
│ lock contention              ┆ no data ┆ 1 %       ┆   │
│ tokens refreshed             ┆ 0       ┆           ┆   │
│ refreshes refused            ┆ 0       ┆           ┆   │
│ refresh success              ┆ no data ┆ 99 %      ┆   │
│ page served, 95th percentile ┆ no data ┆ 100 ms    ┆   │
│ requests that read           ┆ 2       ┆           ┆   │
│ requests that write          ┆ 0       ┆           ┆   │
│ pages served                 ┆ 0       ┆           ┆   │
│ effects applied              ┆ 0       ┆           ┆   │
│ operations replayed          ┆ 0       ┆           ┆   │
└──────────────────────────────┴─────────┴───────────┴───┘

┌────────────────────────────┬──────────────────────────────────┬──────────────────────────────────┐
│ In the way of a GO         ┆ What                             ┆ Remedy                           │
╞════════════════════════════╪══════════════════════════════════╪══════════════════════════════════╡
│ no_scope_expansion         ┆ the operation "getAllUsers" is   ┆ mend the app; `gonogo explain    │
│                            ┆ beyond the baseline              ┆ no_scope_expansion` tells what   │
│                            ┆ (features/a.feature:4)           ┆ the rule asks                    │
│ features/a.feature:5 SEV-1 ┆ The lock is lost: Then it is     ┆ make the scenario pass           │
│                            ┆ held: it is not                  ┆                                  │
│ features/a.feature:6 SEV-1 ┆ Nobody knows: When x: no step is ┆ define the step, or correct its  │
│                            ┆ defined for this                 ┆ wording                          │
│ tenant_isolation           ┆ missing: deeds for two tenants,  ┆ add a scenario that exercises    │
│                            ┆ each with a planted mark or keys ┆ it, tagged                       │
│                            ┆ of its own                       ┆ @invariant:tenant_isolation      │
│ deterministic_hashing      ┆ missing: two snapshots of the    ┆ add a scenario that exercises    │
│                            ┆ same content; two snapshots of   ┆ it, tagged                       │
│                            ┆ different content                ┆ @invariant:deterministic_hashing │
│ one_step_install           ┆ missing: an install without      ┆ add a scenario that exercises    │
│                            ┆ settings, followed by a job that ┆ it, tagged                       │
│                            ┆ succeeds for that tenant         ┆ @invariant:one_step_install      │
│ fire_and_forget_jobs       ┆ missing: a job that was started  ┆ add a scenario that exercises    │
│                            ┆ and ended with a report          ┆ it, tagged                       │
│                            ┆                                  ┆ @invariant:fire_and_forget_jobs  │
│ silent_by_default          ┆ missing: a job that came to its  ┆ add a scenario that exercises    │
│                            ┆ end                              ┆ it, tagged                       │
│                            ┆                                  ┆ @invariant:silent_by_default     │
│ auto_repair_internal       ┆ missing: damage to the app's     ┆ add a scenario that exercises    │
│                            ┆ storage                          ┆ it, tagged                       │
│                            ┆                                  ┆ @invariant:auto_repair_internal  │
│ no_interpretation          ┆ missing: a text that the app     ┆ add a scenario that exercises    │
│                            ┆ shows                            ┆ it, tagged                       │
│                            ┆                                  ┆ @invariant:no_interpretation     │
│ backward_compatible        ┆ missing: a baseline              ┆ add a scenario that exercises    │
│                            ┆                                  ┆ it, tagged                       │
│                            ┆                                  ┆ @invariant:backward_compatible   │
└────────────────────────────┴──────────────────────────────────┴──────────────────────────────────┘

 evidence 21 observations
 sha256 69b8028873e5b6898552e5f9d608c7a97870873014a87f81a089c3702f261664
 verdict UNCONDITIONAL GO → NO-GO, exit code 1
"###);
}

#[test]
fn markdown_shows_it_so() {
    insta::assert_snapshot!(drawn("markdown"), @r###"
# NO-GO

reference app: 4 scenarios planned, 2 passed, 1 failed, 1 undecided.

- Verdict: UNCONDITIONAL GO → NO-GO
- Exit code: 1
- Started: 2026-01-01T00:00:00Z, seed 7
- Evidence: 21 observations, SHA-256 69b8028873e5b6898552e5f9d608c7a97870873014a87f81a089c3702f261664
- gonogo 0.0.0

## In the way of a GO

| Subject | Severity | What | Remedy |
| --- | --- | --- | --- |
| no\_scope\_expansion |  | the operation "getAllUsers" is beyond the baseline (features/a.feature:4) | mend the app; &#96;gonogo explain no\_scope\_expansion&#96; tells what the rule asks |
| features/a.feature:5 | SEV-1 | The lock is lost: Then it is held: it is not | make the scenario pass |
| features/a.feature:6 | SEV-1 | Nobody knows: When x: no step is defined for this | define the step, or correct its wording |
| tenant\_isolation |  | missing: deeds for two tenants, each with a planted mark or keys of its own | add a scenario that exercises it, tagged &#64;invariant:tenant\_isolation |
| deterministic\_hashing |  | missing: two snapshots of the same content; two snapshots of different content | add a scenario that exercises it, tagged &#64;invariant:deterministic\_hashing |
| one\_step\_install |  | missing: an install without settings, followed by a job that succeeds for that tenant | add a scenario that exercises it, tagged &#64;invariant:one\_step\_install |
| fire\_and\_forget\_jobs |  | missing: a job that was started and ended with a report | add a scenario that exercises it, tagged &#64;invariant:fire\_and\_forget\_jobs |
| silent\_by\_default |  | missing: a job that came to its end | add a scenario that exercises it, tagged &#64;invariant:silent\_by\_default |
| auto\_repair\_internal |  | missing: damage to the app's storage | add a scenario that exercises it, tagged &#64;invariant:auto\_repair\_internal |
| no\_interpretation |  | missing: a text that the app shows | add a scenario that exercises it, tagged &#64;invariant:no\_interpretation |
| backward\_compatible |  | missing: a baseline | add a scenario that exercises it, tagged &#64;invariant:backward\_compatible |

## Invariants

| Invariant | Outcome | Why | Statement |
| --- | --- | --- | --- |
| read\_only\_jira | holds | shown by 2 passed scenarios | The app only reads Jira. |
| tenant\_isolation | not exercised | missing: deeds for two tenants, each with a planted mark or keys of its own | What belongs to one tenant never reaches another. |
| deterministic\_hashing | not exercised | missing: two snapshots of the same content; two snapshots of different content | Equal content has an equal hash, and changed content another one. |
| one\_step\_install | not exercised | missing: an install without settings, followed by a job that succeeds for that tenant | After one install, and nothing else, the first scheduled job works. |
| fire\_and\_forget\_jobs | not exercised | missing: a job that was started and ended with a report | A scheduled job ends by itself, tells how it ended, and leaves no tenant behind because another fails. |
| silent\_by\_default | not exercised | missing: a job that came to its end | In normal operation nothing reaches a person or a third party. |
| auto\_repair\_internal | not exercised | missing: damage to the app's storage | After damage to its own storage the app heals in its next runs, by itself and in its own storage alone. |
| no\_interpretation | not exercised | missing: a text that the app shows | What the app says are facts: no judgement, no cause, no score, no advice. |
| backward\_compatible | not exercised | missing: a baseline | Every operation of the released version still answers alike, and its records are still read. |
| no\_scope\_expansion | violated | the operation "getAllUsers" is beyond the baseline (features/a.feature:4) | The app asks for nothing, and uses nothing, beyond the released version. |

## Test results

| Feature | Planned | Passed | Failed | Undecided |
| --- | --- | --- | --- | --- |
| A | 4 | 2 | 1 | 1 |

## Scenarios that did not pass

| Scenario | Name | Outcome | Why |
| --- | --- | --- | --- |
| features/a.feature:5 | The lock is lost | failed | Then it is held: it is not |
| features/a.feature:6 | Nobody knows | undefined | When x: no step is defined for this |

## Metrics

| Metric | Value | Threshold |  |
| --- | --- | --- | --- |
| lock attempts | 0 |  | counted |
| lock attempts denied | 0 |  | counted |
| lock contention | no data | 1 % | no data |
| tokens refreshed | 0 |  | counted |
| refreshes refused | 0 |  | counted |
| refresh success | no data | 99 % | no data |
| page served, 95th percentile | no data | 100 ms | no data |
| requests that read | 2 |  | counted |
| requests that write | 0 |  | counted |
| pages served | 0 |  | counted |
| effects applied | 0 |  | counted |
| operations replayed | 0 |  | counted |

## Next steps

- do not release
- no\_scope\_expansion: mend the app; &#96;gonogo explain no\_scope\_expansion&#96; tells what the rule asks
- features/a.feature:5: make the scenario pass
- features/a.feature:6: define the step, or correct its wording
- tenant\_isolation: add a scenario that exercises it, tagged &#64;invariant:tenant\_isolation
- deterministic\_hashing: add a scenario that exercises it, tagged &#64;invariant:deterministic\_hashing
- one\_step\_install: add a scenario that exercises it, tagged &#64;invariant:one\_step\_install
- fire\_and\_forget\_jobs: add a scenario that exercises it, tagged &#64;invariant:fire\_and\_forget\_jobs
- silent\_by\_default: add a scenario that exercises it, tagged &#64;invariant:silent\_by\_default
- auto\_repair\_internal: add a scenario that exercises it, tagged &#64;invariant:auto\_repair\_internal
- no\_interpretation: add a scenario that exercises it, tagged &#64;invariant:no\_interpretation
- backward\_compatible: add a scenario that exercises it, tagged &#64;invariant:backward\_compatible
- run gonogo again

## Deployment checklist

- open: every planned scenario passed
- open: all invariants hold
- open: no administrator has to consent again
- not shown: callers and records of the released version still work
- not shown: a fresh install works without a setting

## Rollback

- deploy the released version again
- ask whether consent is needed: it was not shown that the scopes stay within the released version's
- look for leases and half-done work that stopped workers leave: healing was not shown

## Post-deploy checks

- lock contention: at most 1 %
- refresh success: at least 99 %
- page served, 95th percentile: at most 100 ms
- requests that write to Jira: none
- alerts in normal operation: none
"###);
}

#[test]
fn junit_shows_it_so() {
    insta::assert_snapshot!(drawn("junit"), @r###"
<?xml version="1.0" encoding="UTF-8"?>
<testsuites>
    <testsuite name="gonogo.verdict" tests="1" skipped="0" errors="0" failures="1" time="0.000" id="0" package="gonogo" hostname="gonogo" timestamp="2026-01-01T00:00:00">
        <properties>
            <property name="gonogo.verdict" value="NO-GO"/>
            <property name="gonogo.exit_code" value="1"/>
            <property name="gonogo.evidence.sha256" value="69b8028873e5b6898552e5f9d608c7a97870873014a87f81a089c3702f261664"/>
            <property name="gonogo.accepted" value=""/>
        </properties>
        <testcase name="verdict: NO-GO" classname="gonogo.verdict" time="0.000">
            <failure message="NO-GO" type="Verdict">no_scope_expansion: the operation &quot;getAllUsers&quot; is beyond the baseline (features/a.feature:4); features/a.feature:5: The lock is lost: Then it is held: it is not; features/a.feature:6: Nobody knows: When x: no step is defined for this; tenant_isolation: missing: deeds for two tenants, each with a planted mark or keys of its own; deterministic_hashing: missing: two snapshots of the same content; two snapshots of different content; one_step_install: missing: an install without settings, followed by a job that succeeds for that tenant; fire_and_forget_jobs: missing: a job that was started and ended with a report; silent_by_default: missing: a job that came to its end; auto_repair_internal: missing: damage to the app&apos;s storage; no_interpretation: missing: a text that the app shows; backward_compatible: missing: a baseline</failure>
        </testcase>
        <system-out></system-out>
        <system-err></system-err>
    </testsuite>
    <testsuite name="gonogo.invariants" tests="10" skipped="0" errors="8" failures="1" time="0.000" id="1" package="gonogo" hostname="gonogo" timestamp="2026-01-01T00:00:00">
        <properties>
            <property name="gonogo.verdict" value="NO-GO"/>
        </properties>
        <testcase name="read_only_jira" classname="gonogo.invariants" time="0.000"/>
        <testcase name="tenant_isolation" classname="gonogo.invariants" time="0.000">
            <error message="missing: deeds for two tenants, each with a planted mark or keys of its own" type="InvariantNotExercised"></error>
        </testcase>
        <testcase name="deterministic_hashing" classname="gonogo.invariants" time="0.000">
            <error message="missing: two snapshots of the same content; two snapshots of different content" type="InvariantNotExercised"></error>
        </testcase>
        <testcase name="one_step_install" classname="gonogo.invariants" time="0.000">
            <error message="missing: an install without settings, followed by a job that succeeds for that tenant" type="InvariantNotExercised"></error>
        </testcase>
        <testcase name="fire_and_forget_jobs" classname="gonogo.invariants" time="0.000">
            <error message="missing: a job that was started and ended with a report" type="InvariantNotExercised"></error>
        </testcase>
        <testcase name="silent_by_default" classname="gonogo.invariants" time="0.000">
            <error message="missing: a job that came to its end" type="InvariantNotExercised"></error>
        </testcase>
        <testcase name="auto_repair_internal" classname="gonogo.invariants" time="0.000">
            <error message="missing: damage to the app&apos;s storage" type="InvariantNotExercised"></error>
        </testcase>
        <testcase name="no_interpretation" classname="gonogo.invariants" time="0.000">
            <error message="missing: a text that the app shows" type="InvariantNotExercised"></error>
        </testcase>
        <testcase name="backward_compatible" classname="gonogo.invariants" time="0.000">
            <error message="missing: a baseline" type="InvariantNotExercised"></error>
        </testcase>
        <testcase name="no_scope_expansion" classname="gonogo.invariants" time="0.000">
            <failure message="the operation &quot;getAllUsers&quot; is beyond the baseline (features/a.feature:4)" type="InvariantViolated">observations: features/a.feature:4 #2, features/a.feature:4 #4</failure>
        </testcase>
        <system-out></system-out>
        <system-err></system-err>
    </testsuite>
    <testsuite name="A" tests="4" skipped="0" errors="1" failures="1" time="0.048" id="2" package="gonogo" hostname="gonogo" timestamp="2026-01-01T00:00:00">
        <properties>
            <property name="gonogo.verdict" value="NO-GO"/>
        </properties>
        <testcase name="The app reads alone (features/a.feature:3)" classname="A" time="0.012"/>
        <testcase name="The app asks for more (features/a.feature:4)" classname="A" time="0.012"/>
        <testcase name="The lock is lost (features/a.feature:5)" classname="A" time="0.012">
            <failure message="failed (SEV-1)" type="ScenarioFailed">Then it is held: it is not</failure>
        </testcase>
        <testcase name="Nobody knows (features/a.feature:6)" classname="A" time="0.012">
            <error message="undefined (SEV-1)" type="ScenarioUndecided">When x: no step is defined for this</error>
        </testcase>
        <system-out></system-out>
        <system-err></system-err>
    </testsuite>
</testsuites>
"###);
}

/// Too long to stand here: a file, made again and compared.
#[test]
fn json_shows_it_so() {
    let drawn = drawn("json");
    let file = fixture_path().with_file_name("verdict.json");
    if std::env::var_os("GONOGO_WRITE_FIXTURES").is_some() {
        fs::write(&file, &drawn).expect("written");
    }
    assert_eq!(drawn, fs::read_to_string(&file).expect("verdict.json"));
}
