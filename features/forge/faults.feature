@SEV-1-001 @socket
Feature: A Forge app in trouble
  Jira that says "later", breaks or is slow; one tenant in trouble beside a healthy one.

  @mode-19
  Scenario: A limited app waits as long as it is told to
    Given the Forge app is installed for "acme"
    And Jira answers "429 with Retry-After 7" to the next 2 requests for "jira" of "acme"
    When every scheduled trigger fires for every tenant
    Then every trigger came to its end by itself
    And no request came before its Retry-After had passed
    And "acme" was served in the end

  Scenario Outline: After <fault> to <which> nothing false is stored, and the next run is whole
    Given the Forge app is installed for "acme"
    When every scheduled trigger fires for every tenant
    And a day passes
    And Jira answers "<fault>" to <which> of "acme", once trouble begins
    And every scheduled trigger fires for every tenant
    And the trouble ends
    And a day passes
    And every scheduled trigger fires for every tenant
    Then every trigger came to its end by itself
    And "acme" was served in the end

    Examples:
      | fault          | which                |
      | 500            | the first 2 requests |
      | 503            | every third request  |
      | 503            | every request        |
      | reset          | the first 2 requests |
      | malformed JSON | every third request  |
      | slow           | the first 2 requests |

  Scenario: Whichever operation of Jira fails alone, nothing false is stored
    Given the Forge app is installed for "acme"
    When every scheduled trigger fires for every tenant
    And one operation of Jira after the other fails for "acme" for a day
    And a day passes
    And every scheduled trigger fires for every tenant
    Then every trigger came to its end by itself
    And "acme" was served in the end

  Scenario: Whichever operation of Jira asks for a long wait, the app waits or comes back another day
    Given the Forge app is installed for "acme"
    When every scheduled trigger fires for every tenant
    And one operation of Jira after the other asks "acme" once to come back late
    And a day passes
    And every scheduled trigger fires for every tenant
    Then every trigger came to its end by itself
    And no request came before its Retry-After had passed
    And "acme" was served in the end

  @invariant:fire_and_forget_jobs
  Scenario: A tenant whose site is down keeps nobody else from being served
    Given the Forge app is installed for "acme" and "globex"
    And Jira answers "503" to every request for "jira" of "acme"
    When every scheduled trigger fires for every tenant
    And every resolver is called for every tenant
    Then every trigger came to its end by itself
    And "globex" was served in the end
