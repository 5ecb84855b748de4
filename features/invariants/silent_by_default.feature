@SEV-1-001
Feature: The app is silent
  In normal operation, and under trouble that passes, nothing reaches a person or a third party.

  Background:
    Given a Jira site "acme" with 20 issues
    And the app is installed for "acme"

  @invariant:silent_by_default
  Scenario: A whole day of jobs passes in silence
    When the scheduled jobs of 1 day run
    Then nobody was spoken to
    And every job that began came to its end by itself
    And what "acme" holds is stored

  @invariant:silent_by_default
  Scenario: Drift is no reason to speak
    When the scheduled jobs of 1 day run
    And a field "Team" is added to the site of "acme"
    And the scheduled jobs of 1 day run
    Then nobody was spoken to
    And it is stored for "acme":
      """
      field "Team" was added
      """

  @invariant:silent_by_default
  Scenario Outline: <fault> for <route> passes in silence
    Given Jira answers "<fault>" to the next 12 requests for "<route>" of "acme"
    When the scheduled jobs of 1 day run
    Then nobody was spoken to
    And every job that began came to its end by itself

    Examples:
      | fault                   | route |
      | 500                     | jira  |
      | 429 with Retry-After 30 | jira  |
      | hang                    | jira  |
      | 503                     | oauth |
      | 429                     | oauth |
