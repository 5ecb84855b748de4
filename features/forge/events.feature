@SEV-1-001 @socket
Feature: What a Forge app is told
  The platform tells an app of its installation and of what happens in Jira; an event may come twice.

  Scenario: Told of its installation, the app works from then on
    Given the Forge app is installed for "acme" and "globex"
    When the platform tells the app of its installation, for every tenant
    And every scheduled trigger fires for every tenant
    And a day passes
    And every scheduled trigger fires for every tenant
    Then every trigger came to its end by itself
    And none of them failed
    And "acme" was served in the end
    And "globex" was served in the end

  Scenario: An event that comes twice does no harm
    Given the Forge app is installed for "acme"
    When each event that the app listens to is sent for every tenant
    And each event that the app listens to is sent for every tenant
    And every scheduled trigger fires for every tenant
    Then every trigger came to its end by itself
    And none of them failed

  Scenario: Told of an upgrade after days with changes, it keeps what it stored
    Given the Forge app is installed for "acme"
    When every scheduled trigger fires for "acme" on each of 3 days, while the site changes all over
    And the platform tells the app of "acme" of an upgrade
    Then every trigger came to its end by itself
    And none of them failed
    And nothing that the app had stored of the site of "acme" is gone
