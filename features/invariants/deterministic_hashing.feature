@SEV-1-001
Feature: Snapshots hash alike exactly when their content is alike
  A hash knows the content and nothing else: no time, no page, no process.

  Background:
    Given a Jira site "acme" with 30 issues
    And the app is installed for "acme"
    And worker "A" has run the job "snapshot_daily" for "acme"

  @invariant:deterministic_hashing
  Scenario: The same content on another day hashes alike and a new field does not
    When 1 day passes
    And worker "A" runs the job "snapshot_daily" for "acme"
    Then the latest snapshots of "acme" hash alike
    When a field "Team" is added to the site of "acme"
    And 1 day passes
    And worker "A" runs the job "snapshot_daily" for "acme"
    Then the latest snapshots of "acme" hash differently

  @invariant:deterministic_hashing
  Scenario Outline: Another process that reads pages of <size> in <order> order finds the same hash
    Given worker "B" asks Jira for pages of <size>
    When Jira lists in <order> order for "acme"
    And worker "B" runs the job "snapshot_weekly" for "acme"
    Then the latest snapshots of "acme" hash alike
    When the status "To Do" of "acme" is renamed to "Open"
    And 1 day passes
    And worker "B" runs the job "snapshot_daily" for "acme"
    Then the latest snapshots of "acme" hash differently

    Examples:
      | size | order    |
      | 1    | natural  |
      | 7    | reversed |
      | 100  | rotated  |

  @invariant:deterministic_hashing
  Scenario Outline: A <what> that comes changes the hash, and its leaving restores it
    When a <what> comes to the site of "acme"
    And 1 day passes
    And worker "A" runs the job "snapshot_daily" for "acme"
    Then the latest snapshots of "acme" hash differently
    When a <what> leaves the site of "acme"
    And 1 day passes
    And worker "A" runs the job "snapshot_daily" for "acme"
    Then the latest snapshots of "acme" hash differently
    And the first and the last snapshot of "acme" hash alike

    Examples:
      | what    |
      | project |
      | field   |
      | status  |

  @invariant:deterministic_hashing
  Scenario: A platform that limits and fails between the pages leaves the hash as it is
    Given Jira answers "429 with Retry-After 2" to the next 2 requests for "search" of "acme"
    And Jira answers "503" to the next 2 requests for "field" of "acme"
    When worker "A" runs the job "snapshot_weekly" for "acme"
    Then the latest snapshots of "acme" hash alike
    When a field "Team" is added to the site of "acme"
    And 1 day passes
    And worker "A" runs the job "snapshot_daily" for "acme"
    Then the latest snapshots of "acme" hash differently
