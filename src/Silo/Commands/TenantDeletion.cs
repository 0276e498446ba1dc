using System.CommandLine;
using System.Text.Json;
using Sophia.Operations;
using Sophia.Tenants;

namespace Sophia.Commands;

/// <summary>Deletes a tenant, takes that back, and says how far it is.</summary>
internal static class TenantDeletion
{
    public static Command Delete()
    {
        var name = Name();
        var confirm = new Option<string>("--confirm") { Description = "The tenant's name once more.", Required = true };
        var now = new Option<bool>("--now") { Description = "Without the grace in which it can be taken back." };
        var confirmNow = new Option<string?>("--confirm-now") { Description = "With --now: \"delete NAME now\"." };
        var command = new Command("delete", "Suspend a tenant and delete everything of it after a grace of 7 days, unless configured otherwise.") { name, confirm, now, confirmNow };
        command.SetAction(async (parsed, cancellation) =>
        {
            await using var api = await Api.Open(parsed, cancellation);
            var body = Api.Json(new DeleteTenant(parsed.GetValue(confirm), parsed.GetValue(now), parsed.GetValue(confirmNow)), EdgeJson.Default.DeleteTenant);
            return Print(parsed, await api.Send(HttpMethod.Post, Path(parsed.GetValue(name)!, "delete"), body, EdgeJson.Default.TenantEndView, cancellation));
        });
        return command;
    }

    public static Command Keep()
    {
        var name = Name();
        var command = new Command("keep", "Take a tenant's deletion back within its grace; it stays suspended until it is resumed.") { name };
        command.SetAction(async (parsed, cancellation) =>
        {
            await using var api = await Api.Open(parsed, cancellation);
            await api.Text(HttpMethod.Post, Path(parsed.GetValue(name)!, "keep"), null, cancellation);
            Console.Out.WriteLine($"{parsed.GetValue(name)} is kept, and suspended: {SophiaCommand.Name} tenants resume {parsed.GetValue(name)} opens it");
            return ExitCodes.Done;
        });
        return command;
    }

    public static Command Deletion()
    {
        var name = Name();
        var command = new Command("deletion", "Say how far a tenant's deletion is, or what its tombstone says.") { name };
        command.SetAction(async (parsed, cancellation) =>
        {
            await using var api = await Api.Open(parsed, cancellation);
            return Print(parsed, await api.Get(Path(parsed.GetValue(name)!, "deletion"), EdgeJson.Default.TenantEndView, cancellation));
        });
        return command;
    }

    private static int Print(ParseResult parsed, TenantEndView view)
    {
        if (parsed.GetValue(Settings.Json))
        {
            Console.Out.WriteLine(JsonSerializer.Serialize(view, EdgeJson.Default.TenantEndView));
            return ExitCodes.Done;
        }
        Console.Out.WriteLine(view switch
        {
            { DeletedAt: { } at } => $"{view.Tenant} was deleted on {Show.Moment(at)}; {view.By} wanted it on {Show.Moment(view.RequestedAt)}",
            { Phase: TenantEndPhase.Scheduled } when view.DeletesAt > view.RequestedAt => $"{view.Tenant} is suspended and will be deleted on {Show.Moment(view.DeletesAt)}; {SophiaCommand.Name} tenants keep {view.Tenant} takes it back",
            _ => $"{view.Tenant} is suspended and is being deleted, which takes a minute or more ({view.Phase.ToString().ToLowerInvariant()}); {SophiaCommand.Name} tenants deletion {view.Tenant} says how far it is",
        });
        if (view.Trouble is { } trouble)
            Console.Out.WriteLine($"tried again: {Show.OneLine(trouble)}");
        foreach (var count in view.Counts)
            Console.Out.WriteLine($"  {count.Count,12:N0} {count.What}");
        return ExitCodes.Done;
    }

    private static string Path(string tenant, string what) => $"api/tenants/{Uri.EscapeDataString(tenant)}/{what}";

    private static Argument<string> Name() => new("name") { Description = "The tenant." };
}
