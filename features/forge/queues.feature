@SEV-1-001 @socket
Feature: Work that a Forge app leaves to later
  To a later run, or to a queue, whose events come again when their consumer fails, and now and then come twice.

  Scenario Outline: Trouble that is over by the next run leaves nothing undone (<fault>)
    Given the Forge app is installed for "acme" and "globex"
    When every scheduled trigger fires for every tenant
    And a day passes
    And something new comes to every site
    And Jira answers "<fault>" to every request of "acme", once trouble begins
    And every scheduled trigger fires for every tenant
    And the trouble ends
    And the time of the next run comes
    And every scheduled trigger fires for every tenant
    Then every trigger came to its end by itself
    And what is kept of the news for "globex" is kept for "acme" too

    Examples:
      | fault                   |
      | 503                     |
      | 429 with Retry-After 60 |

  Scenario: Work is done once, although each event of a queue comes twice
    Given the Forge app is installed for "acme" and "globex"
    And each event of a queue comes twice
    When every scheduled trigger fires for every tenant
    And a day passes
    And something new comes to every site
    And every scheduled trigger fires for every tenant
    Then every trigger came to its end by itself
    And none of them failed
    And "acme" was served in the end
