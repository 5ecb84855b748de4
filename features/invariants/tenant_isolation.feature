@SEV-1-001
Feature: Tenants stay apart
  What belongs to one tenant is neither kept under nor sent for nor shown to another.

  @invariant:tenant_isolation
  Scenario: Two tenants are snapshotted by one job and each drift listing shows its own
    Given a Jira site "acme" with 20 issues
    And a Jira site "umbrella" with 20 issues
    And the app is installed for "acme"
    And the app is installed for "umbrella"
    When worker "A" runs the job "snapshot_daily"
    And a field "Rocket" is added to the site of "acme"
    And a field "Umbrella stand" is added to the site of "umbrella"
    And 1 day passes
    And worker "A" runs the job "snapshot_daily"
    Then the drift of "acme" names "Rocket" and not "Umbrella stand"
    And the drift of "umbrella" names "Umbrella stand" and not "Rocket"

  @invariant:tenant_isolation
  Scenario Outline: <one> and <other> share no key although their names run together
    Given a Jira site "<one>" with 10 issues
    And a Jira site "<other>" with 10 issues
    And the app is installed for "<one>"
    And the app is installed for "<other>"
    When worker "A" runs the job "snapshot_daily" for "<one>"
    And worker "B" runs the job "snapshot_daily" for "<other>"
    Then the job of worker "A" succeeded
    And the job of worker "B" succeeded
    And what "<one>" holds is stored
    And what "<other>" holds is stored

    Examples:
      | one         | other             |
      | a:b         | a                 |
      | acme        | acme:daily        |
      | Ümlaut GmbH | Ümlaut GmbH/daily |

  @invariant:tenant_isolation
  Scenario: A tenant whose platform fails is not served from another tenant's data
    Given a Jira site "acme" with 20 issues
    And a Jira site "umbrella" with 20 issues
    And the app is installed for "acme"
    And the app is installed for "umbrella"
    And Jira answers "500" to the next 50 requests for "jira" of "umbrella"
    When worker "A" runs the job "snapshot_daily"
    And 1 hour passes
    And the platform recovers
    And worker "A" runs the job "snapshot_daily"
    Then what "acme" holds is stored
    And what "umbrella" holds is stored

  @invariant:tenant_isolation
  Scenario: One account with two sites opens each with the token of its own installation
    Given a Jira site "acme" with 10 issues
    And a Jira site "umbrella" with 10 issues
    And the app is installed for "acme"
    And the app is installed for "umbrella"
    And the grant of "acme" reaches the site of "umbrella" too
    When worker "A" runs the job "snapshot_daily"
    And 2 hours pass
    And worker "A" runs the job "token_refresh"
    And worker "A" runs the job "snapshot_weekly"
    Then what "acme" holds is stored
    And what "umbrella" holds is stored
