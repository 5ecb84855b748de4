@SEV-2-004
Feature: Telemetry
  Each step of a job's life is told once, in the transaction that makes it, and nobody who listens can harm it.

  Background:
    Given a Jira site "acme"
    And the sink "post" is idempotent

  Scenario Outline: The life of a job that is renewed, crashes, is taken over and asked for again tells <event>
    Given the job "invoice" of "acme" takes 2 steps of 20 seconds
    And the job "invoice" of "acme" is to "send" with "100" at "post"
    And worker "A" will be held before it writes "the end of the work"
    When worker "A" begins to work on "invoice"
    And worker "A" is held
    And worker "A" crashes there
    And 2 minutes pass
    And worker "B" works on "invoice"
    And worker "C" works on "invoice"
    Then the event "<event>" is stored with "<details>", its time and its job
    And the events of each job are numbered from 0 without a gap
    And each event was stored in the transaction that changed its job
    And each event left the app once, as it is stored
    And the events count as many jobs, attempts, operations and endings as the records do

    Examples:
      | event                | details                                     |
      | job_planned          |                                             |
      | job_leased           |                                             |
      | job_state_changed    | from to                                     |
      | lease_renewed        | ttl_ms                                      |
      | lease_released       |                                             |
      | operation_started    | operation idempotency_key progress delivery |
      | operation_completed  | operation idempotency_key progress delivery |
      | crash_recovery_event | lost_attempt lost_fencing_token             |
      | idempotency_replay   | operation idempotency_key progress delivery |

  Scenario: The events of a job come in the order of its life
    Given the job "invoice" of "acme" is to "send" with "100" at "post"
    When worker "A" works on "invoice"
    Then the events of "acme" are "job_planned job_leased job_state_changed job_state_changed operation_started operation_completed job_state_changed lease_released"

  Scenario: An event carries the moment at which it was written
    Given the job "invoice" of "acme" takes 1 steps of 7 seconds
    And the job "invoice" of "acme" is to "send" with "100" at "post"
    When 30 seconds pass
    And worker "A" works on "invoice"
    Then the first event "job_planned" was written at "2026-01-05T12:00:30Z"
    And the first event "operation_started" was written at "2026-01-05T12:00:37Z"

  Scenario: A listener that panics fails no job and loses no event
    Given whoever listens to worker "A" panics
    And the job "invoice" of "acme" is to "send" with "100" at "post"
    When worker "A" works on "invoice"
    Then the work of worker "A" ended "ran succeeded"
    And the sink "post" carried out 1 effect
    And the events of each job are numbered from 0 without a gap

  Scenario: What the store refused is not told
    Given the job "invoice" of "acme" is to "send" with "100" at "post"
    And the next write of worker "A" to "job_open:" is refused
    When worker "A" works on "invoice"
    Then the events of "acme" are ""

  @mode-12
  Scenario Outline: What the store did without its answer arriving is told once, while the job is <moment>
    Given the job "invoice" of "acme" is to "send" with "100" at "post"
    And the answer to the next write of worker "A" to "<key>" gets lost
    When worker "A" works on "invoice"
    Then the events of each job are numbered from 0 without a gap
    And each event was stored in the transaction that changed its job
    And the events count as many jobs, attempts, operations and endings as the records do

    Examples:
      | moment     | key        |
      | planned    | job_open:  |
      | leased     | job_lease: |
      | in its log | operation: |

  Scenario Outline: An operation at a sink that is <guarantee> is told as delivered <delivery>
    Given the sink "box" is <guarantee>
    And the job "invoice" of "acme" is to "drop" with "100" at "box"
    When worker "A" works on "invoice"
    Then operations at "drop" are told as delivered "<delivery>"

    Examples:
      | guarantee     | delivery      |
      | idempotent    | exactly_once  |
      | transactional | exactly_once  |
      | fenced        | at_least_once |
      | neither       | at_least_once |

  @invariant:tenant_isolation
  Scenario: The events of two tenants stay apart
    Given a Jira site "globex"
    And the job "invoice" of "acme" is to "send" with "100" at "post"
    And the job "order" of "globex" is to "send" with "100" at "post"
    When worker "A" works on "invoice"
    And worker "B" works on "order"
    Then no event of "acme" carries the mark or the name of "globex"
    And no event of "globex" carries the mark or the name of "acme"
    And the events count as many jobs, attempts, operations and endings as the records do

  Scenario: With the gate off nothing is told
    Given worker "A" runs with the gate off
    And the job "invoice" of "acme" is to "send" with "100" at "post"
    When worker "A" works on "invoice"
    Then the work of worker "A" ended "direct"
    And the sink "post" carried out 1 effect
    And the events of "acme" are ""

  Scenario Outline: An objective of <percent> percent over <well> good jobs and <badly> failed ones is <attained>
    When <well> jobs of "acme" end well and <badly> fail
    Then the objective that <percent> percent of the jobs of "acme" end well within a day is <attained>, with <left> jobs of its budget left

    Examples:
      | well | badly | percent | attained     | left |
      | 4    | 0     | 75      | met          | 1.0  |
      | 3    | 1     | 75      | met          | 0.0  |
      | 2    | 2     | 75      | missed       | -1.0 |
      | 0    | 0     | 75      | without data | 0.0  |

  Scenario: Jobs of an earlier window no longer count for an objective
    When 0 jobs of "acme" end well and 2 fail
    And 25 hours pass
    Then the objective that 99 percent of the jobs of "acme" end well within a day is without data, with 0 jobs of its budget left
