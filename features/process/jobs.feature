@SEV-1-001
Feature: Jobs look after themselves
  A job ends by itself, says how, keeps to its tenant, and leaves nobody behind because another fails.

  @invariant:fire_and_forget_jobs @invariant:tenant_isolation @invariant:silent_by_default
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
    And a snapshot of "acme" lies in its storage, and nothing of anybody else
    And a snapshot of "umbrella" lies in its storage, and nothing of anybody else

    Examples:
      | fault |
      | 500   |
      | 403   |

  @invariant:tenant_isolation
  Scenario: Tenants that one instance serves in turn stay apart
    Given a Jira site "acme" with 10 issues
    And a Jira site "umbrella" with 10 issues
    And the app is installed for "acme"
    And the app is installed for "umbrella"
    When worker "A" runs the job "snapshot_daily" for "acme"
    And worker "A" runs the job "snapshot_daily" for "umbrella"
    And 5 fields are added to the site of "acme"
    And 1 day passes
    And worker "A" runs the job "snapshot_daily"
    And the drift of "acme" is listed
    And the drift of "umbrella" is listed
    Then a snapshot of "acme" lies in its storage, and nothing of anybody else
    And a snapshot of "umbrella" lies in its storage, and nothing of anybody else

  @invariant:fire_and_forget_jobs
  Scenario Outline: A platform that answers <fault> is waited for and asked again
    Given a Jira site "acme" with 10 issues
    And the app is installed for "acme"
    And Jira answers "<fault>" to the next 2 requests for "jira" of "acme"
    When worker "A" runs the job "snapshot_daily" for "acme"
    Then the job of worker "A" succeeded
    And 1 snapshot of "acme" came to lie in the store

    Examples:
      | fault                    |
      | 429                      |
      | 503                      |
      | reset                    |
      | half a body              |
      | malformed JSON           |

  @invariant:fire_and_forget_jobs
  Scenario: A platform that says when to come back is left alone until then
    Given a Jira site "acme" with 10 issues
    And the app is installed for "acme"
    And Jira answers "429 with Retry-After 40" to the next 2 requests for "jira" of "acme"
    When worker "A" runs the job "snapshot_daily" for "acme"
    Then the job of worker "A" succeeded
    And Jira of "acme" was left alone for as long as it asked

  @invariant:fire_and_forget_jobs
  Scenario: A platform that never answers is given up in time
    Given a Jira site "acme" with 10 issues
    And the app is installed for "acme"
    And Jira answers "hang" to the next 1 request for "jira" of "acme"
    When worker "A" runs the job "snapshot_daily" for "acme"
    Then every job that began came to its end by itself

  @invariant:fire_and_forget_jobs
  Scenario Outline: A storage that answers <fault> loses and doubles nothing
    Given a Jira site "acme" with 10 issues
    And the app is installed for "acme"
    And Jira answers "<fault>" to the next 1 request for "kvs.set" of "acme"
    When worker "A" runs the job "snapshot_daily" for "acme"
    And 1 hour passes
    And worker "A" runs the job "snapshot_daily" for "acme"
    Then every job that began came to its end by itself
    And 1 snapshot of "acme" came to lie in the store

    Examples:
      | fault        |
      | 500          |
      | reset        |
      | a lost reply |

  @invariant:fire_and_forget_jobs
  Scenario: A trigger that comes twice does the work once
    Given a Jira site "acme" with 10 issues
    And the app is installed for "acme"
    When worker "A" runs the job "snapshot_daily"
    And worker "B" runs the job "snapshot_daily"
    Then the job of worker "B" skipped
    And every job that began came to its end by itself
    And 1 snapshot of "acme" came to lie in the store
