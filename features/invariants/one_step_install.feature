@SEV-1-001
Feature: One step installs the app
  Whoever installs the app has nothing else to do: the first scheduled job works.

  @invariant:one_step_install @invariant:read_only_jira
  Scenario Outline: After one install and nothing else, the first <job> is done
    Given a Jira site "acme" with 30 issues
    When the app is installed for "acme"
    And worker "A" runs the job "<job>" for "acme"
    Then the job of worker "A" succeeded
    And nobody had to act for "acme"
    And what "acme" holds is stored

    Examples:
      | job             |
      | snapshot_daily  |
      | snapshot_weekly |

  @invariant:one_step_install
  Scenario: A platform that fails at first delays the first job and asks nothing of anybody
    Given a Jira site "acme" with 30 issues
    And Jira answers "500" to the next 5 requests for "jira" of "acme"
    When the app is installed for "acme"
    And worker "A" runs the job "snapshot_daily" for "acme"
    And 1 hour passes
    And worker "A" runs the job "snapshot_daily" for "acme"
    Then the job of worker "A" succeeded
    And nobody had to act for "acme"
    And what "acme" holds is stored

  @invariant:one_step_install
  Scenario: A tenant that installs while others run is served by the next job for all
    Given a Jira site "acme" with 20 issues
    And a Jira site "umbrella" with 20 issues
    And the app is installed for "acme"
    When worker "A" runs the job "snapshot_daily"
    And the app is installed for "umbrella"
    And worker "A" runs the job "snapshot_daily"
    Then what "umbrella" holds is stored
    And nobody had to act for "umbrella"
