@SEV-1-001
Feature: What is told is what happened
  Of each change that came to a site, the listing says what it was; of a site that nothing came to, nothing.

  Background:
    Given a Jira site "acme" with 20 issues
    And the app is installed for "acme"
    And worker "A" has run the job "snapshot_daily" for "acme"

  Scenario: Of a site that did not change nothing is told
    When it is noted what the drift of "acme" tells
    And 1 day passes
    And worker "A" runs the job "snapshot_daily" for "acme"
    And 1 day passes
    And worker "A" runs the job "snapshot_daily" for "acme"
    Then the drift of "acme" tells nothing new

  @invariant:no_interpretation
  Scenario Outline: A <what> that comes and leaves is told as added, then as removed
    When it is noted what the drift of "acme" tells
    And a <what> comes to the site of "acme"
    And 1 day passes
    And worker "A" runs the job "snapshot_daily" for "acme"
    Then the drift of "acme" newly tells that "Visitor" was added
    When it is noted what the drift of "acme" tells
    And a <what> leaves the site of "acme"
    And 1 day passes
    And worker "A" runs the job "snapshot_daily" for "acme"
    Then the drift of "acme" newly tells that "Visitor" was removed

    Examples:
      | what    |
      | project |
      | field   |
      | status  |

  @invariant:no_interpretation
  Scenario: Beside a field that was added nothing else is named
    When it is noted what the drift of "acme" tells
    And a field "Team" is added to the site of "acme"
    And 1 day passes
    And worker "A" runs the job "snapshot_daily" for "acme"
    Then the drift of "acme" newly tells that "Team" was added
    And the drift of "acme" newly names "Team" and nothing else
