@SEV-1-001
Feature: An update breaks nobody
  Every operation of the released version answers as before, and its records are still read.

  Background:
    Given a Jira site "acme" with 10 issues
    And a Jira site "umbrella" with 10 issues
    And a snapshot of "acme" in the format 1, as an earlier version stored it
    And a snapshot of "umbrella" in the format 2, as an earlier version stored it

  @invariant:backward_compatible
  Scenario: Every operation answers and every old record is read
    When every operation of the released version is called for "acme"
    And every operation of the released version is called for "umbrella"
    Then each of them answered
    And the next snapshot of "acme" was compared with the one in the format 1
    And the next snapshot of "umbrella" was compared with the one in the format 2

  @invariant:backward_compatible
  Scenario: Old records are read although the platform fails at first
    Given Jira answers "500" to the next 5 requests for "jira"
    When every operation of the released version is called for "acme"
    And 1 hour passes
    And every operation of the released version is called for "acme"
    And every operation of the released version is called for "umbrella"
    Then each of them answered
    And the next snapshot of "acme" was compared with the one in the format 1
    And the next snapshot of "umbrella" was compared with the one in the format 2
