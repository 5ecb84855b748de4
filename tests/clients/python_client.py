"""Public Python clients against `gonogo mock`. Usage: gonogo mock > ready.json & python python_client.py ready.json

Needs `pip install jira atlassian-python-api requests`. Optional: `cargo test` does not run it.
"""

import json
import sys

import requests
from atlassian import Jira as AtlassianJira
from jira import JIRA, JIRAError

ready = json.loads(open(sys.argv[1], encoding="utf-8").readline())
tenant = ready["tenants"][0]
token = tenant["access_token"]
gateway = f"{ready['gateway']}/ex/jira/{tenant['cloud_id']}"


def check(name, holds):
    print("ok  " if holds else "FAIL", name)
    if not holds:
        sys.exit(1)


for where, client in [
    ("jira on the site, basic", JIRA(ready["site"], basic_auth=("me@example.com", token))),
    ("jira on the site, bearer", JIRA(ready["site"], token_auth=token)),
    ("jira on the gateway, bearer", JIRA(gateway, token_auth=token)),
]:
    check(f"{where}: server info", client.server_info()["deploymentType"] == "Cloud")
    check(f"{where}: projects", len(client.projects()) == 5)
    check(f"{where}: fields", any(f["id"] == "summary" for f in client.fields()))
    count = client.approximate_issue_count("created >= 2025-01-01")
    count = getattr(count, "count", count)
    found = client.enhanced_search_issues("created >= 2025-01-01 order by created", maxResults=0, fields="summary")
    check(f"{where}: {len(found)} issues found once each", len({i.key for i in found}) == len(found) > 2000)
    check(f"{where}: the count agrees", int(count) == len(found))
    one = client.issue("P0-1")
    check(f"{where}: an issue with status and project", one.fields.status.name and one.fields.project.key == "P0")

try:
    JIRA(ready["site"], token_auth="nonsense", max_retries=0).myself()
    check("a bad token is refused", False)
except JIRAError as error:
    check("a bad token is refused with 401", error.status_code == 401)

for where, url in [("site", ready["site"]), ("gateway", gateway)]:
    client = AtlassianJira(url=url, token=token, cloud=True)
    check(f"atlassian-python-api on the {where}: projects", len(client.projects()) == 5)
    check(f"atlassian-python-api on the {where}: fields", len(client.get_all_fields()) > 10)
    page, found = client.enhanced_jql("project = P0 order by key", limit=100), []
    while True:
        found += page["issues"]
        if not page.get("nextPageToken"):
            break
        page = client.enhanced_jql("project = P0 order by key", limit=100, nextPageToken=page["nextPageToken"])
    check(f"atlassian-python-api on the {where}: {len(found)} issues", len({i["id"] for i in found}) == len(found) > 400)

request = {k: tenant[k] for k in ("client_id", "client_secret", "refresh_token")} | {"grant_type": "refresh_token"}
first = requests.post(ready["token_url"], json=request, timeout=10)
check("a refresh by JSON rotates", first.status_code == 200 and first.json()["refresh_token"] != tenant["refresh_token"])
second = requests.post(ready["token_url"], data=request | {"refresh_token": first.json()["refresh_token"]}, timeout=10)
check("a refresh by form rotates", second.status_code == 200)
bearer = {"authorization": f"Bearer {second.json()['access_token']}"}
sites = requests.get(f"{ready['gateway']}/oauth/token/accessible-resources", headers=bearer, timeout=10).json()
check("the new token reaches its site alone", [s["id"] for s in sites] == [tenant["cloud_id"]])
bad = requests.post(ready["token_url"], json=request | {"refresh_token": "nonsense"}, timeout=10)
check("an unknown refresh token is refused", (bad.status_code, bad.json()["error"]) == (403, "invalid_grant"))
other = ready["tenants"][-1]["cloud_id"]
if other != tenant["cloud_id"]:
    crossed = requests.get(f"{ready['gateway']}/ex/jira/{other}/rest/api/3/myself", headers=bearer, timeout=10)
    check("a token does not open another tenant's site", crossed.status_code == 403)
