@SEV-1-001
Feature: Snapshots and what is told of them
  Equal content hashes alike, changed content differently, and what is shown are facts.

  Background:
    Given a Jira site "acme" with 20 issues
    And the app is installed for "acme"
    And worker "A" has run the job "snapshot_daily" for "acme"

  @invariant:deterministic_hashing
  Scenario: The same content on another day, from another process, in another order, hashes alike
    When 1 day passes
    And Jira lists in reversed order for "acme"
    And worker "B" runs the job "snapshot_daily" for "acme"
    Then the latest snapshots of "acme" hash alike
    When a field "Team" is added to the site of "acme"
    And 1 day passes
    And worker "B" runs the job "snapshot_daily" for "acme"
    Then the latest snapshots of "acme" hash differently

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
  Scenario: What stands on the last page of a long listing is seen
    Given a Jira site "large" with 130 projects and 10 issues
    And the app is installed for "large"
    When worker "A" runs the job "snapshot_daily" for "large"
    And 1 day passes
    And worker "B" runs the job "snapshot_daily" for "large"
    Then the latest snapshots of "large" hash alike
    When a project comes to the site of "large"
    And 1 day passes
    And worker "A" runs the job "snapshot_daily" for "large"
    Then the latest snapshots of "large" hash differently

  @invariant:no_interpretation
  Scenario: What changed is told with its name in double quotes, and nothing is made of it
    When a field "Critical risk score" is added to the site of "acme"
    And the status "To Do" of "acme" is renamed to "Open"
    And 1 day passes
    And worker "A" runs the job "snapshot_daily" for "acme"
    And the drift of "acme" is read to its end, 10 to a page
    Then the listing tells of "Critical risk score"
    And the listing tells of "Open"

  @invariant:tenant_isolation
  Scenario: A long listing comes in pages, each thing once
    Given a Jira site "umbrella" with 20 issues
    And the app is installed for "umbrella"
    When 25 fields are added to the site of "acme"
    And 1 day passes
    And worker "A" runs the job "snapshot_daily"
    And the drift of "acme" is read to its end, 10 to a page
    Then no page has more than 10 items and none comes twice
    And the listing has more than 2 pages
    And the listing tells of "Added 0"
    And the listing tells of "Added 24"
