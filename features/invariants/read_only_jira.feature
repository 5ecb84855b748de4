@SEV-1-001
Feature: The app only reads Jira
  Whatever happens, no request of the app changes a customer's site.

  @invariant:read_only_jira
  Scenario: A day of jobs leaves the site as it was
    Given a Jira site "acme" with 30 issues
    And the app is installed for "acme"
    When the scheduled jobs of 2 days run
    Then the site of "acme" is as it was
    And every request of "acme" was answered as a read

  @invariant:read_only_jira
  Scenario Outline: A platform that answers <fault> brings the app to no write
    Given a Jira site "acme" with 30 issues
    And the app is installed for "acme"
    And Jira answers "<fault>" to the next 3 requests for "jira" of "acme"
    When worker "A" runs the job "snapshot_daily" for "acme"
    And 1 hour passes
    And worker "A" runs the job "snapshot_daily" for "acme"
    Then what "acme" holds is stored
    And the site of "acme" is as it was
    And every request of "acme" was answered as a read

    Examples:
      | fault                   |
      | 429 with Retry-After 5  |
      | 401                     |
      | 503                     |
      | malformed JSON          |
