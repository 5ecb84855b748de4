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

  Scenario: An instance that finds its token renewed by another uses that one
    Given instance "B" will be stopped before it writes a lock record
    When 2 hours pass
    And worker "B" begins the job "token_refresh" for "acme"
    And instance "B" is stopped there
    And worker "A" runs the job "token_refresh" for "acme"
    And instance "B" goes on
    Then the job of worker "A" succeeded
    And every job that began came to its end by itself
    And the token endpoint issued 1 new pair to "acme"

  Scenario: While one instance asks for a new token, another does not
    Given instance "B" will be stopped before it asks for "oauth"
    When 2 hours pass
    And worker "B" begins the job "token_refresh" for "acme"
    And instance "B" is stopped there
    And worker "A" runs the job "token_refresh" for "acme"
    And instance "B" goes on
    Then the job of worker "B" succeeded
    And every job that began came to its end by itself
    And the token endpoint issued 1 new pair to "acme"

  Scenario: An answer of the token endpoint that is lost costs no consent
    Given Jira answers "a lost reply" to the next 1 request for "oauth" of "acme"
    When 2 hours pass
    And worker "A" runs the job "snapshot_daily" for "acme"
    And 2 hours pass
    And worker "A" runs the job "token_refresh" for "acme"
    Then the job of worker "A" succeeded
    And the consent of "acme" was revoked 0 times

  @invariant:silent_by_default
  Scenario: A token endpoint that is down fails the refresh and nothing else
    Given a Jira site "umbrella" with 10 issues
    And the app is installed for "umbrella"
    And Jira answers "503" to every request for "oauth" of "acme"
    When 2 hours pass
    And worker "A" runs the job "snapshot_daily"
    Then every job that began came to its end by itself
    And a snapshot of "umbrella" lies in its storage, and nothing of anybody else
