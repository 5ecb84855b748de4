@SEV-1-001 @socket
Feature: Scheduled triggers of a Forge app
  What the platform does to any app: fire its triggers for every installation, now and then twice.

  @invariant:read_only_jira @invariant:one_step_install @invariant:fire_and_forget_jobs @invariant:silent_by_default
  Scenario: Right after its installation every scheduled trigger does its work for every tenant
    Given the Forge app is installed for "acme" and, where other numbers stand behind the same ids, for "globex"
    When every scheduled trigger fires for every tenant
    And every scheduled trigger fires in new instances for "initech", whose site is that of "globex"
    Then every trigger came to its end by itself
    And none of them failed
    And every trigger did something that can be seen
    And what is stored of the site of "globex" is what is stored of that of "initech"

  @invariant:tenant_isolation
  Scenario: What an instance did for one tenant is nowhere in what it does for the next
    Given the Forge app is installed for "acme" and "globex"
    When every scheduled trigger fires for every tenant
    And a day passes
    And the site of every tenant changes all over
    And every scheduled trigger fires for every tenant
    And every resolver is called for every tenant
    And a day passes
    And the site of every tenant changes all over
    And every scheduled trigger fires for every tenant
    And every resolver is called for every tenant
    Then every trigger came to its end by itself
    And none of them failed

  Scenario: Fired twice at once, whichever answer of its storage is late, a trigger does its work once
    Given the Forge app is installed for "acme"
    When every scheduled trigger fires twice at once for "acme", each answer of its storage to the first being late in turn
    Then every trigger came to its end by itself
    And none of them failed
    And the work of the two was done once

  Scenario: A trigger that fires again in the same hour finds its work done
    Given the Forge app is installed for "acme"
    When every scheduled trigger fires for every tenant
    And a minute passes
    And every scheduled trigger fires for every tenant
    Then every trigger came to its end by itself
    And none of them failed
    And the work of the two was done once

  Scenario: What it does on its first day, it does on every day of the week and at the end of a month
    Given the Forge app is installed for "acme"
    When every scheduled trigger fires for "acme" on each of 8 days, while the site changes all over
    And the end of the month comes and every scheduled trigger fires for "acme" on 2 more days
    Then every trigger came to its end by itself
    And none of them failed
    And "acme" was served in the end
    And each day's changes left what those of the first day left

  @invariant:deterministic_hashing
  Scenario: What it stores of equal data is equal, and of changed data is not
    Given the Forge app is installed for "acme"
    When every scheduled trigger fires for every tenant
    And a day passes
    And the site of "acme" lists in another order
    And every scheduled trigger fires for every tenant
    And a day passes
    And the site of "acme" changes all over
    And every scheduled trigger fires for every tenant
    And a day passes
    And the site of "acme" changes all over
    And every scheduled trigger fires for every tenant
    Then every trigger came to its end by itself
    And none of them failed

  Scenario: Whatever kind of change a small site shows, a large one shows too
    Given the Forge app is installed for "acme" and, with a large site, for "globex"
    When every scheduled trigger fires for every tenant
    And each day another kind of change comes to both sites, and every scheduled trigger fires
    Then every trigger came to its end by itself
    And none of them failed
    And what the small site's change altered, the large site's altered too

  @invariant:no_interpretation
  Scenario: What it shows are facts, from the first minute on
    Given the Forge app is installed for "acme"
    When every resolver is called for every tenant
    And every scheduled trigger fires for every tenant
    And a day passes
    And the site of "acme" changes all over
    And every scheduled trigger fires for every tenant
    And every resolver is called for every tenant
    Then every resolver answered
