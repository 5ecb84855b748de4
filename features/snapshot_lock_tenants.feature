@SEV-2-001
Feature: Snapshot locks of many tenants
  No two tenants share a lock, whatever they are called.

  @mode-30 @invariant:tenant_isolation
  Scenario Outline: Tenants whose names run together have locks of their own
    Given a Jira site "a:b" with 20 issues
    And a Jira site "<other>" with 20 issues
    And the app is installed for "a:b"
    And the app is installed for "<other>"
    And worker "A" will be held before it writes "snapshot:"
    When worker "A" begins the daily snapshot of "a:b" under the lock
    And worker "A" is held
    And worker "B" takes the daily snapshot of "<other>" under the lock
    And worker "A" goes on
    Then worker "B" finds the window stored
    And worker "A" finds the window stored
    And 1 daily snapshot of "a:b" is stored
    And 1 daily snapshot of "<other>" is stored

    Examples:
      | other  |
      | a      |
      | a_b    |
      | A:B    |
      | a:b:c  |
      | a#3ab  |

  @mode-30 @invariant:tenant_isolation
  Scenario Outline: A tenant's name never makes a key that the store does not take
    Given a Jira site "acme" with 20 issues
    And the app is installed for "acme"
    And the app is installed for a tenant whose name "<name>"
    When worker "A" takes the daily snapshot of "acme" under the lock
    And worker "B" takes the daily snapshot of that tenant under the lock
    Then worker "A" finds the window stored
    And worker "B" finds the window stored
    And every key is one that Forge allows

    Examples:
      | name                         |
      | holds control characters     |
      | runs from right to left      |
      | is ten thousand letters long |
      | is made of separators        |
