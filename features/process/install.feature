@SEV-1-001
Feature: One install is enough
  The app is driven from outside; what it did is what the platform saw.

  @invariant:one_step_install @invariant:read_only_jira @invariant:silent_by_default
  Scenario Outline: After one install and nothing else, the first <job> is done
    Given a Jira site "acme" with 30 issues
    When the app is installed for "acme"
    And worker "A" runs the job "<job>" for "acme"
    Then the job of worker "A" succeeded
    And a snapshot of "acme" lies in its storage, and nothing of anybody else
    And nobody had to act for "acme"
    And the site of "acme" is as it was
    And every request of "acme" was answered as a read

    Examples:
      | job             |
      | snapshot_daily  |
      | snapshot_weekly |

  @invariant:one_step_install
  Scenario: A platform that fails at first delays the first job and asks nothing of anybody
    Given a Jira site "acme" with 10 issues
    And Jira answers "500" to the next 6 requests for "jira" of "acme"
    When the app is installed for "acme"
    And worker "A" runs the job "snapshot_daily" for "acme"
    And 1 hour passes
    And worker "A" runs the job "snapshot_daily" for "acme"
    Then a snapshot of "acme" lies in its storage, and nothing of anybody else
    And 1 snapshot of "acme" came to lie in the store
    And nobody had to act for "acme"

  Scenario: Every operation answers with what the driver describes
    Given a Jira site "acme" with 10 issues
    When every operation that the app describes is called for "acme"
    Then each of them answered with what it describes

  Scenario: An app that is told to end ends, and leaves nothing behind
    Given a Jira site "acme" with 10 issues
    And the app is installed for "acme"
    And worker "A" has run the job "snapshot_daily" for "acme"
    When instance "A" is told to end
    Then nothing of instance "A" is left
