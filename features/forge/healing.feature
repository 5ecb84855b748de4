@SEV-1-001 @socket
Feature: A Forge app heals its own storage
  A worker dies in the middle; a record is half written; a key outlives its expiry, as the platform lets it.

  Scenario Outline: Killed after its <write> write, the app does the rest in its next runs, although expired keys linger
    Given the Forge app is installed for "acme" and "globex"
    And expired keys of "acme" linger
    When each scheduled trigger is killed after its <write> write for "acme", where it writes more for "globex"
    And 2 hours pass
    And every scheduled trigger fires for every tenant
    And 2 hours pass
    And every scheduled trigger fires for every tenant
    Then every trigger came to its end by itself

    Examples:
      | write  |
      | first  |
      | second |

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
