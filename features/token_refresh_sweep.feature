@SEV-2-003
Feature: Token refresh for all tenants
  The proactive refresh sees to every tenant on its own, twice a day, and says nothing.

  @invariant:fire_and_forget_jobs
  Scenario Outline: One tenant of ten whose renewal does not work (<trouble>) leaves the other nine renewed
    Given 10 tenants with the app installed and at work
    And Jira answers "<trouble>" to the next 20 requests for "oauth.token" of "tenant-03"
    When worker "A" runs the job "token_refresh"
    Then the job of worker "A" counts 9 succeeded, 0 skipped and 1 failed
    And the token endpoint issued 1 new pair to "tenant-01"
    And the token endpoint issued 1 new pair to "tenant-10"
    And the token endpoint issued 0 new pairs to "tenant-03"
    And the stored token of "tenant-03" may be refreshed

    @mode-20
    Examples:
      | trouble                  |
      | 500                      |
      | hang                     |
      | 429 with Retry-After 600 |

  @mode-20
  Scenario: What a sweep left behind is done by the next trigger, and nothing is done twice
    Given 4 tenants with the app installed and at work
    And Jira answers "500" to the next 20 requests for "oauth.token" of "tenant-03"
    When worker "A" runs the job "token_refresh"
    And the token endpoint works again
    And 1 minute passes
    And worker "A" runs the job "token_refresh"
    Then the job of worker "A" counts 1 succeeded, 3 skipped and 0 failed
    And the token endpoint issued 1 new pair to "tenant-01"
    And the token endpoint issued 1 new pair to "tenant-03"

  @mode-31
  Scenario: A sweep spreads its renewals
    Given 12 tenants with the app installed
    When worker "A" runs the job "token_refresh"
    Then the job of worker "A" counts 12 succeeded, 0 skipped and 0 failed
    And no two tenants were renewed at the same moment

  @mode-31
  Scenario: Tokens that were granted together are not renewed together
    Given 12 tenants with the app installed
    When 3340 seconds pass
    And worker "A" reads Jira for each tenant
    Then some tenants were renewed and some were not yet

  @invariant:silent_by_default @invariant:one_step_install @chatter
  Scenario: Routine renewals over three days work without a person
    Given 2 tenants with the app installed
    When worker "A" runs the job "token_refresh"
    And 12 hours pass
    And worker "A" runs the job "token_refresh"
    And 12 hours pass
    And worker "A" runs the job "token_refresh"
    Then the job of worker "A" counts 2 succeeded, 0 skipped and 0 failed
    And the token endpoint issued 3 new pairs to "tenant-01"
    And the token endpoint issued 3 new pairs to "tenant-02"

  Scenario: A second trigger within twelve hours does nothing, and the one after them renews
    Given 2 tenants with the app installed
    When worker "A" runs the job "token_refresh"
    And 11 hours pass
    And worker "B" runs the job "token_refresh"
    Then the job of worker "B" skipped
    And the token endpoint was asked 1 time for "tenant-01"
    When 1 hour passes
    And worker "B" runs the job "token_refresh"
    Then the job of worker "B" succeeded
    And the token endpoint was asked 2 times for "tenant-01"

  Scenario: A token that ends beyond the horizon is left alone until it comes within it
    Given a Jira site "acme" with 20 issues
    And the app is installed for "acme" with a token that says it lives 30 hours
    When worker "A" runs the job "token_refresh"
    Then the job of worker "A" counts 0 succeeded, 1 skipped and 0 failed
    And the token endpoint was asked 0 times for "acme"
    When 12 hours pass
    And worker "A" runs the job "token_refresh"
    Then the job of worker "A" counts 1 succeeded, 0 skipped and 0 failed

  Scenario: A tenant without consent is skipped by the sweep and the others are not
    Given 3 tenants with the app installed and at work
    When an administrator of "tenant-02" withdraws consent
    And worker "A" runs the job "token_refresh"
    Then the job of worker "A" counts 2 succeeded, 0 skipped and 1 failed
    And "tenant-02" was told "consent_needed" 1 time
    When 12 hours pass
    And worker "A" runs the job "token_refresh"
    Then the job of worker "A" counts 2 succeeded, 1 skipped and 0 failed
    And the token endpoint was asked 1 time for "tenant-02"

  Scenario: A refresh token near its ninetieth idle day is counted, and renewed
    Given 2 tenants with the app installed
    When 81 days pass
    And worker "A" renews the token of every tenant
    Then the answer to worker "A" has near_idle_limit 2
    And the answer to worker "A" has refreshed 2
    When 1 day passes
    And worker "A" renews the token of every tenant
    Then the answer to worker "A" has near_idle_limit 0

  Scenario: A consent near its year's end is counted however often it was renewed
    Given 1 tenants with the app installed
    When 80 days pass
    And worker "A" renews the token of every tenant
    And 80 days pass
    And worker "A" renews the token of every tenant
    And 80 days pass
    And worker "A" renews the token of every tenant
    And 80 days pass
    And worker "A" renews the token of every tenant
    And 36 days pass
    And worker "A" renews the token of every tenant
    Then the answer to worker "A" has near_absolute_limit 1
    And the answer to worker "A" has near_idle_limit 0
    And the answer to worker "A" has refreshed 1
