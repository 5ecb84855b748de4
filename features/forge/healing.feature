@SEV-1-001 @socket
Feature: A Forge app heals its own storage
  A worker dies in the middle; a record is half written; a key outlives its expiry, as the platform lets it.

  Scenario Outline: Killed after its <write> write, the app does the rest in its next runs, although expired keys linger
    Given the Forge app is installed for "acme" and "globex"
    And expired keys of "acme" linger
    When each scheduled trigger is killed after its <write> write for "acme", or before its last if there are fewer for "globex"
    And 2 hours pass
    And every scheduled trigger fires for every tenant
    And 2 hours pass
    And every scheduled trigger fires for every tenant
    Then every trigger came to its end by itself

    Examples:
      | write  |
      | first  |
      | second |

  Scenario: Killed, left without Jira for a day, or two at once: it says of each change what it says undisturbed
    Given the Forge app is installed for "acme" and, with the same site, for "globex"
    When each day both sites change and each scheduled trigger is killed for "acme" after another kind of write, but not for "globex"
    And the site of "acme" is down for a day on which both sites change, but not that of "globex"
    And two scheduled triggers run at once for "acme", one of them held where it is about to write, and not at once for "globex"
    And a day passes
    And every scheduled trigger fires for every tenant
    Then every trigger came to its end by itself
    And what the app says of the changes of "acme", it says of those of "globex"

  @invariant:auto_repair_internal
  Scenario Outline: Records of which <part> is left are replaced
    Given the Forge app is installed for "acme"
    When every scheduled trigger fires for every tenant
    And <part> is left of every record of "acme"
    And 2 hours pass
    And every scheduled trigger fires for every tenant
    And 2 hours pass
    And every scheduled trigger fires for every tenant
    And a day passes
    And every scheduled trigger fires for every tenant
    Then every trigger came to its end by itself
    And "acme" was served in the end

    Examples:
      | part           |
      | the first half |
      | the last half  |
      | nothing        |
