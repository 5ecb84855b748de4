@SEV-1-001 @socket
Feature: A Forge app heals its own storage
  A worker dies in the middle; a record is half written; a key outlives its expiry, as the platform lets it.

  @invariant:auto_repair_internal
  Scenario Outline: Killed after its <write> write, the app works again when its keys outlive their expiry
    Given the Forge app is installed for "acme"
    And expired keys of "acme" linger
    When each scheduled trigger is killed after its <write> write for "acme"
    And a day passes
    And every scheduled trigger fires for every tenant
    And a day passes
    And every scheduled trigger fires for every tenant
    Then every trigger came to its end by itself
    And "acme" was served in the end

    Examples:
      | write  |
      | first  |
      | second |

  @invariant:auto_repair_internal
  Scenario: Half a record is replaced
    Given the Forge app is installed for "acme"
    When every scheduled trigger fires for every tenant
    And every record of "acme" is cut in half
    And a day passes
    And every scheduled trigger fires for every tenant
    And a day passes
    And every scheduled trigger fires for every tenant
    Then every trigger came to its end by itself
    And "acme" was served in the end
