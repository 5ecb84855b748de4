@SEV-1-001
Feature: Damage heals by itself
  What a crash left behind, the next runs put right, in the app's own storage alone.

  Background:
    Given a Jira site "acme" with 20 issues
    And the app is installed for "acme"
    And worker "A" has run the job "snapshot_daily" for "acme"

  @invariant:auto_repair_internal
  Scenario Outline: A snapshot record that is <damage> is made again, or left behind by the next window
    When the latest snapshot record of "acme" is <damage>
    And a field "Team" is added to the site of "acme"
    And 1 day passes
    And worker "A" runs the job "snapshot_daily" for "acme"
    Then the job of worker "A" succeeded
    And nobody had to act for "acme"
    And a snapshot of "acme" lies in its storage, and nothing of anybody else

    Examples:
      | damage      |
      | spoilt      |
      | emptied     |
      | cut in half |
      | lost        |

  @invariant:auto_repair_internal
  Scenario Outline: A lock record that is <damage> locks nobody out for good
    When the latest lock record of "acme" is <damage>
    And the life of a lock runs out
    And 1 day passes
    And worker "B" runs the job "snapshot_daily" for "acme"
    Then the job of worker "B" succeeded
    And nobody had to act for "acme"

    Examples:
      | damage      |
      | spoilt      |
      | emptied     |
      | cut in half |
