@SEV-1-001
Feature: Tokens are renewed once
  Access tokens live an hour, refresh tokens are spent by their use.

  Background:
    Given a Jira site "acme" with 10 issues
    And the app is installed for "acme"

  Scenario: A token that has run out is renewed before it is used
    When 2 hours pass
    And worker "A" runs the job "snapshot_daily" for "acme"
    Then the job of worker "A" succeeded
    And the token endpoint issued 1 new pair to "acme"

  Scenario: A token that Jira refuses is renewed, and the work goes on
    Given Jira ends the access token of "acme" before its time
    When worker "A" runs the job "snapshot_daily" for "acme"
    Then the job of worker "A" succeeded
    And the token endpoint issued 1 new pair to "acme"

  Scenario: Two instances that need a new token ask for one between them
    Given instance "A" will be stopped after it asks for "oauth"
    And instance "B" will be stopped before it asks for "jira"
    When 2 hours pass
    And worker "A" begins the job "token_refresh" for "acme"
    And instance "A" is stopped there
    And instance "A" goes on
    And worker "B" begins the job "snapshot_daily" for "acme"
    And instance "B" is stopped there
    And instance "B" goes on
    Then the job of worker "A" succeeded
    And the job of worker "B" succeeded
    And the token endpoint issued 1 new pair to "acme"

  @invariant:silent_by_default
  Scenario: A token endpoint that is down fails the refresh and nothing else
    Given a Jira site "umbrella" with 10 issues
    And the app is installed for "umbrella"
    And Jira answers "503" to every request for "oauth" of "acme"
    When 2 hours pass
    And worker "A" runs the job "snapshot_daily"
    Then every job that began came to its end by itself
    And a snapshot of "umbrella" lies in its storage, and nothing of anybody else
