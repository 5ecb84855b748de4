@SEV-1-001 @socket
Feature: A Forge app beside its released version
  What the released version promised is in the baseline: `gonogo baseline DIR` records it.

  @invariant:backward_compatible @invariant:no_scope_expansion
  Scenario: Records of the released version are read, its operations answer, and nothing more is used
    Given the Forge app is installed for "acme"
    And "acme" holds the records of the released version
    When every scheduled trigger fires for every tenant
    And every resolver is called for every tenant
    And a day passes
    And the site of "acme" changes all over
    And every scheduled trigger fires for every tenant
    Then every trigger came to its end by itself
    And none of them failed
    And every record of the released version was read

  Scenario: What it stores is kept for the next version to read
    Given the Forge app is installed for "acme"
    When every scheduled trigger fires for every tenant
    And a day passes
    And the site of "acme" changes all over
    And every scheduled trigger fires for every tenant
    Then every trigger came to its end by itself
    And none of them failed
    And the records of "acme" are kept for the next version to read
