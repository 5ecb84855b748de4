@SEV-2-004
Feature: Idempotency
  A job is planned once, leased to one worker at a time, and acts once, whoever crashes or asks again.

  Background:
    Given a Jira site "acme"

  Scenario: A job is planned, leased, run and ended, and its lease is given back
    Given the sink "post" is idempotent
    And the job "invoice" of "acme" is to "send" with "100" at "post"
    When worker "A" works on "invoice"
    Then the work of worker "A" ended "ran succeeded"
    And the job "invoice" is succeeded after 1 attempt
    And the job "invoice" went "planned leased running succeeded"
    And the lease of "invoice" was granted 1 time, renewed 0 times and given back 1 time
    And the sink "post" carried out 1 effect

  Scenario Outline: Work that <does> leaves its job <state> and its lease given back
    Given the job "invoice" of "acme" <does>
    When worker "A" works on "invoice"
    Then the job "invoice" is <state> after 1 attempt
    And the lease of "invoice" was granted 1 time, renewed 0 times and given back 1 time

    Examples:
      | does                | state   |
      | fails               | failed  |
      | panics              | failed  |
      | finds nothing to do | skipped |

  Scenario Outline: From <from> a job goes only where the table of states lets it
    Then from <from> a job goes to "<legal>" and nowhere else

    Examples:
      | from      | legal                   |
      | planned   | leased                  |
      | leased    | leased running          |
      | running   | leased succeeded failed skipped |
      | succeeded | nothing                 |
      | failed    | nothing                 |
      | skipped   | nothing                 |

  @mode-10
  Scenario Outline: A job that is asked for again at a sink that is <guarantee> acts once and gives the same result
    Given the sink "post" is <guarantee>
    And the job "invoice" of "acme" is to "send" with "100" at "post"
    When worker "A" works on "invoice"
    And 1 day passes
    And worker "B" works on "invoice"
    Then the work of worker "B" ended "replayed succeeded"
    And the work of worker "B" gave "100"
    And the sink "post" carried out 1 effect

    Examples:
      | guarantee     |
      | idempotent    |
      | transactional |
      | fenced        |
      | neither       |

  @mode-10
  Scenario: A job that is asked for while another worker is at it is left to that worker
    Given the sink "post" is neither
    And the job "invoice" of "acme" is to "send" with "100" at "post"
    And worker "A" will be held before it writes "sink:post"
    When worker "A" begins to work on "invoice"
    And worker "A" is held
    And worker "B" works on "invoice"
    And worker "A" goes on
    Then the work of worker "B" ended "busy"
    And the work of worker "A" ended "ran succeeded"
    And the sink "post" carried out 1 effect

  @mode-10
  Scenario Outline: Of two workers that take one job at the same moment, <moment>, one does it
    Given the sink "post" is neither
    And the job "invoice" of "acme" is to "send" with "100" at "post"
    And worker "A" will be held before it writes "<key>"
    When worker "A" begins to work on "invoice"
    And worker "A" is held
    And worker "B" works on "invoice"
    And worker "A" goes on
    Then the work of worker "B" ended "ran succeeded"
    And the work of worker "A" ended "replayed succeeded"
    And the sink "post" carried out 1 effect

    Examples:
      | moment        | key       |
      | both planning | job_open: |
      | both leasing  | job_lease: |

  @mode-11
  Scenario: An operation that is asked for with another input is a conflict and is not done
    Given the sink "post" is idempotent
    And the job "invoice" of "acme" is to "send" with "100" at "post"
    And worker "A" will be held before it writes "the end of the work"
    When worker "A" begins to work on "invoice"
    And worker "A" is held
    And worker "A" crashes there
    And 61 seconds pass
    And the job "invoice" is now to "send" with "200"
    And worker "B" works on "invoice"
    Then the work of worker "B" failed with "other inputs"
    And the sink "post" carried out 1 effect

  @mode-07
  Scenario Outline: After a crash between effect and log, an effect at a sink that is <guarantee> is <ending>
    Given the sink "post" is <guarantee>
    And the job "invoice" of "acme" is to "send" with "100" at "post"
    And worker "A" will be held after it writes "sink:post"
    When worker "A" begins to work on "invoice"
    And worker "A" is held
    And worker "A" crashes there
    And 61 seconds pass
    And worker "B" works on "invoice"
    Then the work of worker "B" ended "<end>"
    And the sink "post" carried out 1 effect
    And the operation "send" of "invoice" is <progress>
    And the job "invoice" went "planned leased running leased running <state>"

    Examples:
      | guarantee     | ending                 | end           | progress  | state     |
      | idempotent    | asked for again        | ran succeeded | completed | succeeded |
      | transactional | committed with its log | ran succeeded | completed | succeeded |
      | fenced        | reported as unknown    | ran failed    | started   | failed    |
      | neither       | reported as unknown    | ran failed    | started   | failed    |

  @mode-07
  Scenario Outline: An effect whose answer is lost at a sink that is <guarantee> is <ending>, never made twice
    Given the sink "post" is <guarantee>
    And the sink "post" loses its answer to the next effect
    And the job "invoice" of "acme" is to "send" with "100" at "post"
    When worker "A" works on "invoice"
    Then the work of worker "A" failed with "<words>"
    And the sink "post" carried out 1 effect

    Examples:
      | guarantee  | ending              | words                |
      | idempotent | reported            | the sink did not answer |
      | neither    | reported as unknown | nobody knows whether |

  Scenario: An effect that the sink refused outright certainly did not happen and leaves no trace in the log
    Given the sink "post" is neither
    And the sink "post" refuses the next effect
    And the job "invoice" of "acme" is to "send" with "100" at "post"
    When worker "A" works on "invoice"
    Then the work of worker "A" failed with "refused"
    And there is no trace of the operation "send" of "invoice"
    And the sink "post" carried out 0 effects

  @mode-08
  Scenario Outline: After a crash between log and release, the effect at a sink that is <guarantee> is replayed
    Given the sink "post" is <guarantee>
    And the job "invoice" of "acme" is to "send" with "100" at "post"
    And worker "A" will be held before it writes "the end of the work"
    When worker "A" begins to work on "invoice"
    And worker "A" is held
    And worker "A" crashes there
    And 61 seconds pass
    And worker "B" works on "invoice"
    Then the work of worker "B" ended "ran succeeded"
    And the work of worker "B" gave "100"
    And the sink "post" carried out 1 effect

    Examples:
      | guarantee     |
      | idempotent    |
      | transactional |
      | fenced        |
      | neither       |

  @mode-09
  Scenario Outline: An effect that was started and never made at a sink that is <guarantee> is <ending>
    Given the sink "post" is <guarantee>
    And the job "invoice" of "acme" is to "send" with "100" at "post"
    And worker "A" will be held before it writes "sink:post"
    When worker "A" begins to work on "invoice"
    And worker "A" is held
    And worker "A" crashes there
    And 61 seconds pass
    And worker "B" works on "invoice"
    Then the work of worker "B" ended "<end>"
    And the sink "post" carried out <effects> effects

    Examples:
      | guarantee     | ending                      | end           | effects |
      | idempotent    | made by the next worker     | ran succeeded | 1       |
      | transactional | made by the next worker     | ran succeeded | 1       |
      | fenced        | reported, not taken as done | ran failed    | 0       |
      | neither       | reported, not taken as done | ran failed    | 0       |

  @mode-07 @mode-08
  Scenario: Of several effects only those that the log does not know are made after a crash
    Given the sink "post" is neither
    And the sink "ledger" is idempotent
    And the job "invoice" of "acme" is to "send" with "100" at "post"
    And the job "invoice" of "acme" is to "book" with "100" at "ledger"
    And the job "invoice" of "acme" is to "remind" with "100" at "post"
    And worker "A" will be held after it writes "sink:ledger"
    When worker "A" begins to work on "invoice"
    And worker "A" is held
    And worker "A" crashes there
    And 61 seconds pass
    And worker "B" works on "invoice"
    Then the work of worker "B" ended "ran succeeded"
    And the sink "post" carried out 2 effects
    And the sink "ledger" carried out 1 effect

  @mode-12
  Scenario Outline: A job goes on when the store loses its answer while the job is <moment>
    Given the sink "post" is neither
    And the job "invoice" of "acme" is to "send" with "100" at "post"
    And the answer to the next write of worker "A" to "<key>" gets lost
    When worker "A" works on "invoice"
    Then the job "invoice" is succeeded after 1 attempt
    And the sink "post" carried out 1 effect
    And the lease of "invoice" was granted 1 time, renewed 0 times and given back 1 time

    Examples:
      | moment     | key        |
      | planned    | job_open:  |
      | leased     | job_lease: |
      | in its log | operation: |

  Scenario: A job that the store refuses to plan has not begun
    Given the sink "post" is neither
    And the job "invoice" of "acme" is to "send" with "100" at "post"
    And the next write of worker "A" to "job_open:" is refused
    When worker "A" works on "invoice"
    Then worker "A" is refused with "the store refused"
    And there is no record of the job "invoice"
    And the sink "post" carried out 0 effects

  @mode-13
  Scenario: A job that gets on keeps its lease, however long it takes
    Given the sink "post" is neither
    And the job "invoice" of "acme" takes 9 steps of 20 seconds
    And the job "invoice" of "acme" is to "send" with "100" at "post"
    And worker "A" will be held before it writes "step 8 of the work"
    When worker "A" begins to work on "invoice"
    And worker "A" is held
    And worker "B" looks for what is left behind
    And worker "C" works on "invoice"
    And worker "A" goes on
    Then worker "B" finds "" left behind
    And the work of worker "C" ended "busy"
    And the work of worker "A" ended "ran succeeded"
    And the lease of "invoice" was granted 1 time, renewed 9 times and given back 1 time
    And the sink "post" carried out 1 effect

  @mode-14
  Scenario: A job that hangs is stopped before its lease runs out, and nobody renews it
    Given the job "invoice" of "acme" hangs
    And worker "A" will be held before it writes "hanging"
    When worker "A" begins to work on "invoice"
    And worker "A" gets under way
    And 56 seconds pass
    And worker "A" comes to the end
    Then the work of worker "A" failed with "no progress"
    And the lease of "invoice" was granted 1 time, renewed 0 times and given back 1 time

  @mode-14
  Scenario: A job that gets on for ever is not renewed past the cap
    Given the sink "post" is neither
    And the job "invoice" of "acme" takes 200 steps of 5 seconds
    And the job "invoice" of "acme" is to "send" with "100" at "post"
    When worker "A" works on "invoice"
    Then the lease of "invoice" was granted 1 time, renewed 42 times and given back 1 time
    And the job "invoice" is failed after 1 attempt
    And the sink "post" carried out 0 effects

  Scenario: A job whose worker is gone is taken over once its lease has run out, and not before
    Given the sink "post" is idempotent
    And the job "invoice" of "acme" is to "send" with "100" at "post"
    And worker "A" will be held before it writes "sink:post"
    When worker "A" begins to work on "invoice"
    And worker "A" is held
    And worker "A" crashes there
    And 59 seconds pass
    And worker "B" works on "invoice"
    And 2 seconds pass
    And worker "C" looks for what is left behind
    And worker "D" works on "invoice"
    Then the work of worker "B" ended "busy"
    And worker "C" finds "invoice" left behind
    And the work of worker "D" ended "ran succeeded"
    And the job "invoice" is succeeded after 2 attempts
    And the lease of "invoice" was granted 2 times, renewed 0 times and given back 1 time

  @mode-02
  Scenario: A worker that slept past its lease cannot end the job that another has taken over
    Given the sink "post" is idempotent
    And the job "invoice" of "acme" is to "send" with "100" at "post"
    And worker "P" has planned "invoice"
    And worker "A" will be held before it writes "job_open:"
    And worker "B" will be held before it writes "the end of the work"
    When worker "A" begins to work on "invoice"
    And worker "A" is held
    And 61 seconds pass
    And worker "B" begins to work on "invoice"
    And worker "B" is held
    And worker "A" goes on
    Then the work of worker "A" ended "lost"
    And the job "invoice" is running after 2 attempts
    When worker "B" goes on
    Then the work of worker "B" ended "ran succeeded"
    And the job "invoice" is succeeded after 2 attempts
    And the sink "post" carried out 1 effect

  @mode-02
  Scenario: A fenced sink refuses what a worker sent before its lease ran out and its successor began
    Given the sink "post" is fenced
    And the job "invoice" of "acme" is to "open {attempt}" with "100" at "post"
    And the job "invoice" of "acme" is to "send" with "100" at "post"
    And worker "A" will be held before it writes "effect send"
    When worker "A" begins to work on "invoice"
    And worker "A" is held
    And 61 seconds pass
    And worker "B" works on "invoice"
    And the effect of worker "A" arrives after all
    Then the work of worker "B" failed with "nobody knows whether"
    And the sink "post" refused 1 effect
    And the sink "post" carried out 2 effects
    And the work of worker "A" ended "lost"

  @mode-30 @invariant:tenant_isolation
  Scenario: Tenants whose names run together with those of jobs share neither jobs nor effects
    Given a Jira site "a:b"
    And a Jira site "a"
    And the sink "post" is idempotent
    And the job "c" of "a:b" is to "send" with "100" at "post"
    And the job "b:c" of "a" is to "send" with "200" at "post"
    When worker "A" works on "c"
    And worker "B" works on "b:c"
    Then the work of worker "A" gave "100"
    And the work of worker "B" gave "200"
    And the sink "post" carried out 2 effects
    And no two of the keys that were written for "c" and "b:c" are the same
