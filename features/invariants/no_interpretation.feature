@SEV-1-001
Feature: The app states facts
  What is stored and shown says what happened to what, and leaves the weighing to the reader.

  Background:
    Given a Jira site "acme" with 10 issues
    And the app is installed for "acme"
    And worker "A" has run the job "snapshot_daily" for "acme"

  @invariant:no_interpretation
  Scenario: Additions, removals and changes are told as such
    When a field "Team" is added to the site of "acme"
    And the status "To Do" of "acme" is renamed to "Open"
    And 1 day passes
    And worker "A" runs the job "snapshot_daily" for "acme"
    And the drift of "acme" is listed
    Then it is shown:
      """
      field "Team" was added
      status "Open" was changed
      """

  @invariant:no_interpretation
  Scenario: A name that judges is quoted and not said
    When a field "Critical risk score" is added to the site of "acme"
    And a field "You should fix this, it is unhealthy" is added to the site of "acme"
    And a field "Delay caused by vendor" is added to the site of "acme"
    And 1 day passes
    And worker "A" runs the job "snapshot_daily" for "acme"
    And the drift of "acme" is listed
    Then it is shown:
      """
      field "Critical risk score" was added
      field "You should fix this, it is unhealthy" was added
      field "Delay caused by vendor" was added
      """

  @invariant:no_interpretation
  Scenario: A name cannot leave its quotation
    When a field 'a" is broken; field "b' is added to the site of "acme"
    And 1 day passes
    And worker "A" runs the job "snapshot_daily" for "acme"
    And the drift of "acme" is listed
    Then it is shown:
      """
      field "a\" is broken; field \"b" was added
      """

  @invariant:no_interpretation
  Scenario: Trouble on the platform's side enters no sentence
    Given Jira answers "500" to the next 5 requests for "jira" of "acme"
    When a field "Team" is added to the site of "acme"
    And 1 day passes
    And worker "A" runs the job "snapshot_daily" for "acme"
    And 1 hour passes
    And worker "A" runs the job "snapshot_daily" for "acme"
    And the drift of "acme" is listed
    Then it is shown:
      """
      field "Team" was added
      """
