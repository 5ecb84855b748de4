@SEV-2-003
Feature: Token refresh
  Every tenant's token is renewed in time, once, without a person, and stays with its tenant.

  Background:
    Given a Jira site "acme" with 20 issues
    And the app is installed for "acme"

  Scenario: An expired token is renewed before the read goes on
    When 2 hours pass
    And worker "A" reads Jira for "acme"
    Then worker "A" was answered
    And the token endpoint was asked 1 time for "acme"
    And Jira answered 0 reads of "acme" with 401
    And the last read of "acme" carried the pair of rotation 1

  Scenario: A token that Jira ends before its time is renewed on the refusal and the read goes on
    Given Jira ends the access token of "acme" before its time
    When worker "A" reads Jira for "acme"
    Then worker "A" was answered
    And Jira answered 1 read of "acme" with 401
    And the token endpoint was asked 1 time for "acme"
    And the last read of "acme" carried the pair of rotation 1

  Scenario: A read that stays refused after one renewal is given up
    Given Jira answers "401" to the next 10 requests for "getFields" of "acme"
    When worker "A" reads Jira for "acme"
    Then worker "A" is refused with "401"
    And the token endpoint was asked 1 time for "acme"
    And the stored token of "acme" may be refreshed

  Scenario: A token that is still good is used as it is
    When 30 minutes pass
    And worker "A" reads Jira for "acme"
    Then worker "A" was answered
    And the token endpoint was asked 0 times for "acme"
    And the last read of "acme" carried the pair of rotation 0

  @mode-06
  Scenario: A worker whose clock runs behind renews when Jira says that the token has ended
    Given the wall clock of worker "B" is 180 minutes behind
    When 2 hours pass
    And worker "B" reads Jira for "acme"
    Then worker "B" was answered
    And Jira answered 1 read of "acme" with 401
    And the token endpoint was asked 1 time for "acme"

  Scenario: A reply without a new refresh token leaves the old one in use
    Given the token endpoint answers "acme" without a new refresh token
    When 2 hours pass
    And worker "A" reads Jira for "acme"
    And 2 hours pass
    And worker "A" reads Jira for "acme"
    Then worker "A" was answered
    And the token endpoint was asked 2 times for "acme"
    And the token endpoint refused "acme" 0 times
    And the last read of "acme" carried the pair of rotation 2

  @invariant:read_only_jira @invariant:no_scope_expansion @scopes
  Scenario: A pair that may write is not accepted, is reported once, and the old pair serves to its end
    Given the token endpoint grants "acme" the scope "write:jira-work" beside those asked for
    When worker "A" runs the job "token_refresh"
    And worker "A" reads Jira for "acme"
    Then worker "A" was answered
    And the last read of "acme" carried the pair of rotation 0
    And "acme" was told "scope_refused" 1 time
    When 2 hours pass
    And worker "A" reads Jira for "acme"
    Then worker "A" is refused with "beyond what was asked for"
    And the token endpoint was asked 1 time for "acme"
    And "acme" was told "scope_refused" 1 time

  @scopes
  Scenario: A pair with another read scope than those asked for is not accepted either
    Given the token endpoint grants "acme" the scope "read:audit-log:jira" beside those asked for
    When worker "A" runs the job "token_refresh"
    And worker "A" reads Jira for "acme"
    Then the last read of "acme" carried the pair of rotation 0
    And "acme" was told "scope_refused" 1 time

  Scenario: Neither the token state nor the log shows a token
    When 2 hours pass
    And worker "A" reads Jira for "acme"
    And worker "A" is asked for the token state of "acme"
    Then the answer to worker "A" names "expires_at"
    And the answer to worker "A" names "scope"
    And the answer to worker "A" has version 2
    And no secret of the platform stands in the log or in the answer to worker "A"

  @invariant:tenant_isolation @two-tenants
  Scenario: Each of two tenants is read with its own pair, before and after renewal
    Given a Jira site "globex" with 20 issues
    And the app is installed for "globex"
    When worker "A" reads Jira for "acme"
    And worker "A" reads Jira for "globex"
    And 2 hours pass
    And worker "A" reads Jira for "acme"
    And worker "A" reads Jira for "globex"
    Then Jira answered 2 reads of "acme" with 200
    And Jira answered 2 reads of "globex" with 200
    And Jira answered 0 reads of "globex" with 401
    And the token endpoint was asked 1 time for "acme"
    And the token endpoint was asked 1 time for "globex"
