@SEV-1-001
Feature: The app asks for nothing new
  Scopes, modules, hosts and operations of Jira stay within those of the released version.

  Background:
    Given a Jira site "acme" with 20 issues
    And the app is installed for "acme"

  @invariant:no_scope_expansion
  Scenario: Days of jobs use what was consented to
    When the scheduled jobs of 2 days run
    Then nobody was spoken to
    And what "acme" holds is stored

  @invariant:no_scope_expansion
  Scenario Outline: A platform that answers <fault> leads to no other way in
    Given Jira answers "<fault>" to the next 3 requests for "jira" of "acme"
    When the scheduled jobs of 1 day run
    And the scheduled jobs of 1 day run
    Then what "acme" holds is stored

    Examples:
      | fault |
      | 401   |
      | 403   |
      | 500   |
      | hang  |

  @invariant:no_scope_expansion @invariant:silent_by_default
  Scenario: A token that may do more than was asked for opens nothing
    Given worker "A" has run the job "snapshot_daily" for "acme"
    And the token endpoint grants "write:jira-work" too, once
    When worker "A" runs the job "token_refresh"
    And 2 hours pass
    And worker "A" runs the job "snapshot_weekly" for "acme"
    Then the job of worker "A" failed
    And all that was said is "scope_refused"
