using System.CommandLine;

namespace Sophia.Commands;

/// <summary>Another tenant than the one that the command acts for, which operators of the system's tenant look after.</summary>
internal static class Owner
{
    private static readonly Option<string?> Name = new("--owner") { Description = "Another tenant than one's own, for operators of the system's tenant.", HelpName = "tenant", Recursive = true };

    /// <summary>Lets a command, and all below it, be about another tenant.</summary>
    public static Command OfOthers(this Command command)
    {
        command.Options.Add(Name);
        return command;
    }

    /// <summary>Who is named; null: nobody.</summary>
    public static string? Of(ParseResult parsed) => parsed.GetValue(Name);

    /// <summary>An address that speaks of who is named.</summary>
    public static string About(this ParseResult parsed, string address) =>
        Of(parsed) is { } owner ? $"{address}{(address.Contains('?', StringComparison.Ordinal) ? '&' : '?')}tenant={Uri.EscapeDataString(owner)}" : address;
}
