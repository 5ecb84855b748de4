// A public JavaScript client against `gonogo mock`. Usage: gonogo mock > ready.json & node js_client.mjs ready.json
// Needs `npm install jira.js`. Optional: `cargo test` does not run it.
import { readFileSync } from 'node:fs';
import { Version3Client } from 'jira.js';

const ready = JSON.parse(readFileSync(process.argv[2], 'utf8').split('\n')[0]);
const tenant = ready.tenants[0];
const check = (name, holds) => {
  console.log(holds ? 'ok  ' : 'FAIL', name);
  if (!holds) process.exit(1);
};
const gateway = `${ready.gateway}/ex/jira/${tenant.cloud_id}`;
const clients = [
  ['site, basic', ready.site, { basic: { email: 'me@example.com', apiToken: tenant.access_token } }],
  ['site, oauth2', ready.site, { oauth2: { accessToken: tenant.access_token } }],
  ['gateway, oauth2', gateway, { oauth2: { accessToken: tenant.access_token } }],
];
for (const [where, host, authentication] of clients) {
  const jira = new Version3Client({ host, authentication });
  check(`${where}: server info`, (await jira.serverInfo.getServerInfo()).deploymentType === 'Cloud');
  check(`${where}: projects`, (await jira.projects.searchProjects()).total === 5);
  check(`${where}: fields`, (await jira.issueFields.getFields()).length > 10);
  const jql = 'created >= 2025-01-01 order by created';
  const { count } = await jira.issueSearch.countIssues({ jql });
  for (const method of ['searchForIssuesUsingJqlEnhancedSearch', 'searchForIssuesUsingJqlEnhancedSearchPost']) {
    const ids = new Set();
    let nextPageToken;
    do {
      const page = await jira.issueSearch[method]({ jql, nextPageToken, maxResults: 100, fields: ['summary'] });
      page.issues.forEach((issue) => ids.add(issue.id));
      nextPageToken = page.nextPageToken;
    } while (nextPageToken);
    check(`${where}: ${ids.size} issues by ${method}`, ids.size === count && count > 2000);
  }
}
const stranger = new Version3Client({ host: gateway, authentication: { oauth2: { accessToken: 'nonsense' } } });
const refused = await stranger.myself.getCurrentUser().catch((error) => error);
check('a bad token is refused with 401', refused.status === 401 || refused.response?.status === 401 || /401/.test(String(refused.message)));
const request = { grant_type: 'refresh_token', client_id: tenant.client_id, client_secret: tenant.client_secret };
const refresh = (refresh_token) =>
  fetch(ready.token_url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...request, refresh_token }),
  });
const rotated = await (await refresh(tenant.refresh_token)).json();
check('a refresh rotates', rotated.expires_in === 3600 && rotated.refresh_token !== tenant.refresh_token);
check('the rotated token works', (await refresh(rotated.refresh_token)).status === 200);
