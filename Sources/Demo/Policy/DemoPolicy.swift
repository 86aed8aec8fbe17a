/// The policy of the demo, in Cedar.
public enum DemoPolicy {
  /// Who may do what. Written for people: `sluice init` copies it into a new configuration.
  public static let text = """
    // Northwind: who may do what with the data behind this gateway.
    //
    // Whatever no policy permits is denied; a forbid overrides every permit. The same policies decide which tools a person sees,
    // which calls go through, which rows come back, and which fields are masked.
    //
    //   principal   User in Role and Group, with the attributes team and region
    //   action      "<upstream>__<tool>", in "read" or in "write"; also "prompts/get", "resources/read" and "reveal"
    //   resource    the record itself (Account, Opportunity, ...), with its columns as attributes, where a tool declares records;
    //               otherwise the Tool, Prompt or Resource, in its Upstream; for "reveal" a Category of data

    // ---------------------------------------------------------------- Sales reps: their own customers

    @id("rep-reads-own")
    permit (principal in Role::"sales_rep", action in Action::"read", resource)
    when {
      (resource is Account || resource is Opportunity || resource is Contact || resource is Activity)
      && resource.owner == principal
    };

    // A change says why, and its entry in the audit log is on the disk before it happens.
    @id("rep-writes-own")
    @purpose("required")
    @audit("strict")
    permit (principal in Role::"sales_rep", action in Action::"write", resource)
    when { (resource is Account || resource is Opportunity) && resource.owner == principal };

    // ---------------------------------------------------------------- Sales managers: their team

    @id("manager-reads-team")
    permit (principal in Role::"sales_manager", action in Action::"read", resource)
    when {
      (resource is Account || resource is Opportunity || resource is Activity)
      && resource.team == principal.team
    };

    // Managers see personal data in clear (below), so they get contacts by this one tool and say what for.
    @id("manager-reads-team-contacts")
    @purpose("required")
    permit (principal in Role::"sales_manager", action == Action::"crm__search_contacts", resource is Contact)
    when { resource.team == principal.team };

    // How many contacts an account has is no personal data.
    @id("manager-counts-team-contacts")
    permit (principal in Role::"sales_manager", action == Action::"crm__get_account", resource is Contact)
    when { resource.team == principal.team };

    @id("manager-updates-forecasts")
    @purpose("required")
    @audit("strict")
    permit (principal in Role::"sales_manager", action == Action::"crm__update_opportunity_forecast", resource is Opportunity)
    when { resource.team == principal.team };

    // ---------------------------------------------------------------- Finance: closed opportunities and revenue

    // No `resource is Account` or `Contact` anywhere: for finance they do not exist.
    @id("finance-reads-closed")
    permit (
      principal in Role::"finance",
      action in [Action::"crm__list_opportunities", Action::"crm__revenue_summary", Action::"crm__query"],
      resource is Opportunity
    )
    when { resource.closed };

    // ---------------------------------------------------------------- What all three may use

    // Who works here, for those who sell together.
    @id("sales-reads-directory")
    permit (principal, action in Action::"read", resource is Employee)
    when { principal in Role::"sales_rep" || principal in Role::"sales_manager" };

    // What tables there are; nothing of what is in them.
    @id("everyone-reads-schema")
    permit (
      principal,
      action in [Action::"crm__list_tables", Action::"crm__describe_table", Action::"resources/read"],
      resource in Upstream::"crm"
    )
    when { (resource is Tool || resource is Resource) && (principal in Role::"sales_rep" || principal in Role::"sales_manager" || principal in Role::"finance") };

    @id("sales-uses-prompts")
    permit (principal, action == Action::"prompts/get", resource is Prompt in Upstream::"crm")
    when { principal in Role::"sales_rep" || principal in Role::"sales_manager" };

    // Helpers that hold no data of the company's customers. "is Tool" matters: a record might be in any upstream, so without it
    // this policy would promise rows, and thereby show tools, that never come.
    @id("everyone-uses-time")
    permit (principal, action in Action::"read", resource is Tool in Upstream::"time")
    when { principal in Role::"sales_rep" || principal in Role::"sales_manager" || principal in Role::"finance" };

    @id("everyone-reads-git")
    permit (principal, action in Action::"read", resource is Tool in Upstream::"git")
    when { principal in Role::"sales_rep" || principal in Role::"sales_manager" || principal in Role::"finance" };

    // ---------------------------------------------------------------- Which data is shown in clear; the rest is masked

    @id("everyone-sees-internal")
    permit (principal, action == Action::"reveal", resource == Category::"internal")
    when { principal in Role::"sales_rep" || principal in Role::"sales_manager" || principal in Role::"finance" };

    // Forecasts and the revenue of accounts are for sales.
    @id("sales-sees-confidential")
    permit (principal, action == Action::"reveal", resource == Category::"confidential")
    when { principal in Role::"sales_rep" || principal in Role::"sales_manager" };

    // Personal data is masked for everyone but managers, and for them outside the CRM, too.
    @id("manager-sees-pii")
    permit (principal in Role::"sales_manager", action == Action::"reveal", resource == Category::"pii")
    when { context has upstream && context.upstream == Upstream::"crm" };

    // Nobody is permitted to see keys and passwords: they are masked. What finance gets ends up in spreadsheets, so for finance
    // a result that holds one is refused as a whole.
    @id("finance-gets-no-secrets")
    @uncleared("refuse")
    forbid (principal in Role::"finance", action == Action::"reveal", resource == Category::"secret");
    """
}
