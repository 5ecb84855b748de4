Feature: Smoke

  Scenario: A Jira site is there
    Given a Jira site
