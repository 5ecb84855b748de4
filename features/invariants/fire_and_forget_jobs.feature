@SEV-1-001
Feature: Scheduled jobs look after themselves
  A job ends by itself, says how, and leaves no tenant behind because another fails.

  @invariant:fire_and_forget_jobs
  Scenario Outline: A tenant whose platform answers <fault> does not keep the others waiting
    Given a Jira site "acme" with 10 issues
    And a Jira site "broken" with 10 issues
    And a Jira site "umbrella" with 10 issues
    And the app is installed for "acme"
    And the app is installed for "broken"
    And the app is installed for "umbrella"
    And Jira answers "<fault>" to every request for "jira" of "broken"
    When worker "A" runs the job "snapshot_daily"
    Then every job that began came to its end by itself
    And the report of worker "A" counts 2 succeeded
    And what "acme" holds is stored
    And what "umbrella" holds is stored
    When the platform recovers
    And 1 hour passes
    And worker "A" runs the job "snapshot_daily"
    Then the report of worker "A" counts 1 succeeded, 2 skipped and 0 failed

    Examples:
      | fault |
      | 500   |
      | 403   |
      | hang  |

  @invariant:fire_and_forget_jobs
  Scenario: Triggers that overlap do the work once
    Given a Jira site "acme" with 10 issues
    And a Jira site "umbrella" with 10 issues
    And the app is installed for "acme"
    And the app is installed for "umbrella"
    And worker "A" will be held after it writes "snapshot_lock"
    When worker "A" begins the job "snapshot_daily"
    And worker "A" is held
    And worker "B" runs the job "snapshot_daily"
    And worker "A" goes on
    Then every job that began came to its end by itself
    And 1 snapshot of "acme" came to lie in the store
    And 1 snapshot of "umbrella" came to lie in the store

  @invariant:fire_and_forget_jobs
  Scenario: A trigger that comes twice does the work once
    Given a Jira site "acme" with 10 issues
    And the app is installed for "acme"
    When worker "A" runs the job "snapshot_daily"
    And worker "A" runs the job "snapshot_daily"
    Then the job of worker "A" skipped
    And every job that began came to its end by itself
    And 1 snapshot of "acme" came to lie in the store

  @invariant:fire_and_forget_jobs
  Scenario: A token endpoint that is down fails a refresh and nothing else
    Given a Jira site "acme" with 10 issues
    And a Jira site "umbrella" with 10 issues
    And the app is installed for "acme"
    And the app is installed for "umbrella"
    And Jira answers "503" to every request for "oauth" of "acme"
    When worker "A" runs the job "token_refresh"
    Then every job that began came to its end by itself
    And the report of worker "A" counts 1 succeeded, 0 skipped and 1 failed
