@SEV-1-001 @socket
Feature: A Forge app in trouble
  Jira that says "later", breaks or is slow; one tenant in trouble beside a healthy one.

  @mode-19
  Scenario: An app that Jira slows down gets through all the same, and waits as long as it is told to
    Given the Forge app is installed for "acme" and "globex"
    When something new comes to every site
    And Jira answers "429 with Retry-After 1" to every third request of "acme", once trouble begins
    And every scheduled trigger fires for every tenant
    And 2 hours pass
    And every scheduled trigger fires for every tenant
    And 2 hours pass
    And every scheduled trigger fires for every tenant
    Then every trigger came to its end by itself
    And no request came before its Retry-After had passed
    And what is kept of the news for "globex" is kept for "acme" too

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
      | fault                   | which                |
      | 500                     | the first 2 requests |
      | 503                     | every third request  |
      | 503                     | every request        |
      | 429 with Retry-After 60 | every request        |
      | reset                   | the first 2 requests |
      | reset                   | every request        |
      | malformed JSON          | every third request  |
      | slow                    | the first 2 requests |

  Scenario Outline: Whichever operation of Jira alone answers <fault>, nothing false is stored
    Given the Forge app is installed for "acme"
    When every scheduled trigger fires for every tenant
    And one operation of Jira after the other answers "<fault>" to "acme" for a day
    And a day passes
    And every scheduled trigger fires for every tenant
    Then every trigger came to its end by itself
    And "acme" was served in the end

    Examples:
      | fault |
      | 503   |
      | 403   |
      | 401   |

  Scenario Outline: Whichever list of a large site breaks off with <fault>, half of it is not stored as the whole
    Given the Forge app is installed for "acme" and, with a large site, for "globex"
    When every scheduled trigger fires for every tenant
    And one operation of Jira after the other answers "<fault>" to "globex" from its second request on, for a day
    And a day passes
    And every scheduled trigger fires for every tenant
    Then every trigger came to its end by itself
    And "globex" was served in the end

    Examples:
      | fault                   |
      | 503                     |
      | 429 with Retry-After 60 |

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

  Scenario: Whichever operation of its storage fails, nothing is lost for good
    Given the Forge app is installed for "acme" and "globex"
    When every scheduled trigger fires for every tenant
    And one operation of the storage after the other fails for "acme", and in the end all of it, while news come to every site
    And a day passes
    And every scheduled trigger fires for every tenant
    Then every trigger came to its end by itself
    And "acme" was served in the end
    And what is kept of the news for "globex" is kept for "acme" too

  Scenario: Whenever its storage is away for a moment, nothing is lost for good
    Given the Forge app is installed for "acme" and "globex"
    When every scheduled trigger fires for every tenant
    And the storage of "acme" is away for a moment, at one moment of a run after the other, while news come to every site
    And a day passes
    And every scheduled trigger fires for every tenant
    Then every trigger came to its end by itself
    And "acme" was served in the end
    And what is kept of the news for "globex" is kept for "acme" too
