@SEV-1-001
Feature: Each call is for one tenant, and answers nonsense with a refusal
  What an instance knows of one tenant it does not use for another, and nothing that it is asked ends it.

  Background:
    Given a Jira site "acme" with 10 issues
    And a Jira site "umbrella" with 10 issues
    And the app is installed for "acme"
    And the app is installed for "umbrella"

  @invariant:tenant_isolation
  Scenario: A call for one tenant asks nothing of another
    When worker "A" runs the job "snapshot_daily" for "acme"
    And worker "A" runs the job "snapshot_daily" for "umbrella"
    And worker "A" runs the job "snapshot_weekly" for "acme"
    And worker "A" runs the job "token_refresh" for "umbrella"
    And the drift of "acme" is listed
    And the drift of "umbrella" is listed
    And the drift of "acme" is listed
    Then nothing was asked of a tenant in a call for another
    And a snapshot of "acme" lies in its storage, and nothing of anybody else
    And a snapshot of "umbrella" lies in its storage, and nothing of anybody else

  Scenario: A cursor that the listing never gave is refused, and the next call is answered
    Given worker "A" has run the job "snapshot_daily" for "acme"
    And worker "A" has run the job "snapshot_weekly" for "acme"
    When a field "Team" is added to the site of "acme"
    And 1 day passes
    And worker "A" runs the job "snapshot_daily" for "acme"
    And the drift of "acme" is asked for with cursors that it never gave
    And the drift of "acme" is read to its end, 10 to a page
    Then the listing tells of "Team"

  Scenario: A storage that answers in short pages hides nothing
    Given Jira of "acme" cuts each page of "kvs.query" to 1 items
    And worker "A" has run the job "snapshot_daily" for "acme"
    When a field "Team" is added to the site of "acme"
    And 1 day passes
    And worker "A" runs the job "snapshot_daily" for "acme"
    And a field "Squad" is added to the site of "acme"
    And 1 day passes
    And worker "A" runs the job "snapshot_daily" for "acme"
    And the drift of "acme" is read to its end, 10 to a page
    Then the listing tells of "Team"
    And the listing tells of "Squad"

  @invariant:fire_and_forget_jobs
  Scenario: A tenant that withdrew its consent keeps nobody waiting
    Given worker "A" has run the job "snapshot_daily" for "acme"
    And worker "A" has run the job "snapshot_daily" for "umbrella"
    When 1 day passes
    And an administrator of "acme" withdraws consent
    And worker "A" runs the job "snapshot_daily"
    And worker "A" runs the job "token_refresh"
    Then every job that began came to its end by itself
    And 2 snapshots of "umbrella" came to lie in the store
    And 1 snapshot of "acme" came to lie in the store
