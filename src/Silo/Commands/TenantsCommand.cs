using System.CommandLine;
using System.Globalization;
using Sophia.Operations;
using Sophia.Tenants;

namespace Sophia.Commands;

/// <summary>Looks after tenants, for the owner of the system tenant: lists, suspends, resumes, exports and deletes them. <c>keys tenant</c> creates one.</summary>
internal static class TenantsCommand
{
    public static Command Create()
    {
        var command = new Command("tenants", "List tenants; suspend, resume, export or delete one, or issue a key of it.")
        {
            Suspend(), Resume(), Export(), Key(), TenantDeletion.Delete(), TenantDeletion.Keep(), TenantDeletion.Deletion(), List(),
        };
        command.SetAction(Lines);
        return command;
    }

    private static Command List()
    {
        var command = new Command("list", "List tenants.");
        command.SetAction(Lines);
        return command;
    }

    private static async Task<int> Lines(ParseResult parsed, CancellationToken cancellation)
    {
        await using var api = await Api.Open(parsed, cancellation);
        var lines = new List<TenantLine>();
        for (IReadOnlyList<TenantLine>? page = null; page is not { Count: 0 }; lines.AddRange(page))
            page = await api.Get($"api/tenants?details=true{(lines.Count == 0 ? "" : $"&after={lines[^1].Tenant}")}", EdgeJson.Default.IReadOnlyListTenantLine, cancellation);
        lines.AddRange((await api.Get("api/tenants", EdgeJson.Default.IReadOnlyListTenantLine, cancellation)).Where(line => line.Ended));
        if (parsed.GetValue(Settings.Json))
            Console.Out.WriteLine(System.Text.Json.JsonSerializer.Serialize(lines, EdgeJson.Default.IReadOnlyListTenantLine));
        else
            Show.Rows(["tenant", "state", "keys", "records", "storage", "since", ""], lines.Select(line => new[]
            {
                line.Tenant.Value, line.Ended ? "[red]deleted[/]" : line.Suspended ? "[yellow]suspended[/]" : "active", line.Keys?.ToString(CultureInfo.InvariantCulture) ?? "", line.Usage is { } usage ? Show.Number(usage.Records) : "",
                line.Usage is { } taken ? $"{(taken.IsEstimate ? "about " : "")}{Sizes.Of(taken.Bytes)}" : "", Show.Moment(line.DeletedAt ?? line.CreatedAt), Show.Plain(line.Because ?? line.Unknown),
            }));
        return ExitCodes.Done;
    }

    private static Command Suspend()
    {
        var name = Name();
        var reason = new Option<string>("--reason") { Description = "What the tenant's people are told, up to 500 characters.", Required = true };
        var command = new Command("suspend", "Refuse a tenant's requests and let its runs wait; its data stays.") { name, reason };
        command.SetAction(async (parsed, cancellation) =>
        {
            await using var api = await Api.Open(parsed, cancellation);
            var body = Api.Json(new SuspendTenant(parsed.GetValue(reason)), EdgeJson.Default.SuspendTenant);
            Console.Out.WriteLine(await api.Text(HttpMethod.Post, $"api/tenants/{Uri.EscapeDataString(parsed.GetValue(name)!)}/suspend", body, cancellation) is { } text && parsed.GetValue(Settings.Json)
                ? text : $"{parsed.GetValue(name)} is suspended");
            return ExitCodes.Done;
        });
        return command;
    }

    private static Command Resume()
    {
        var name = Name();
        var command = new Command("resume", "Lift a tenant's suspension; runs that waited go on.") { name };
        command.SetAction(async (parsed, cancellation) =>
        {
            await using var api = await Api.Open(parsed, cancellation);
            var text = await api.Text(HttpMethod.Post, $"api/tenants/{Uri.EscapeDataString(parsed.GetValue(name)!)}/resume", null, cancellation);
            Console.Out.WriteLine(parsed.GetValue(Settings.Json) ? text : $"{parsed.GetValue(name)} is active");
            return ExitCodes.Done;
        });
        return command;
    }

    private static Command Export()
    {
        var name = Name();
        var to = new Option<FileInfo>("--to") { Description = "The zip file to write; must not be there yet.", Required = true };
        var command = new Command("export", "Write everything of a tenant into a zip of JSONL files with a manifest of checksums.") { name, to };
        command.SetAction(async (parsed, cancellation) =>
        {
            var target = parsed.GetValue(to)!;
            if (target.Exists)
                throw new CommandFailedException($"{target.Name} is there already.");
            await using var api = await Api.Open(parsed, cancellation);
            using var answer = await api.Http.GetAsync($"api/tenants/{Uri.EscapeDataString(parsed.GetValue(name)!)}/export", HttpCompletionOption.ResponseHeadersRead, cancellation);
            if (!answer.IsSuccessStatusCode)
                throw Api.FailureOf(answer.StatusCode, await answer.Content.ReadAsStringAsync(cancellation));
            var partial = target.FullName + ".part";
            await using (var file = new FileStream(partial, FileMode.Create, FileAccess.Write))
                await answer.Content.CopyToAsync(file, cancellation);
            File.Move(partial, target.FullName);
            Console.Out.WriteLine($"{target.FullName} holds tenant {parsed.GetValue(name)}");
            return ExitCodes.Done;
        });
        return command;
    }

    private static Command Key()
    {
        var name = Name();
        var label = new Option<string>("--label") { Description = "What the key is for.", DefaultValueFactory = _ => "owner" };
        var role = KeysCommand.Role(TenantRole.Owner);
        var keep = new Option<bool>("--keep") { Description = "Keep the key in the data folder, so that commands with --tenant NAME find it." };
        var command = new Command("key", "Issue a key of a tenant whose own keys were lost; its audit keeps that you did. The key is printed once.") { name, label, role, keep };
        command.SetAction(async (parsed, cancellation) =>
        {
            if (!TenantId.TryParse(parsed.GetValue(name), out var tenant))
                throw new CommandFailedException("A tenant's name is 1 to 63 of a-z, 0-9 and '-', not starting with '-'.");
            await using var api = await Api.Open(parsed, cancellation);
            var body = Api.Json(new NewKey(parsed.GetValue(label), parsed.GetValue(role)), EdgeJson.Default.NewKey);
            return KeysCommand.Print(parsed, await api.Send(HttpMethod.Post, $"api/tenants/{tenant}/keys", body, EdgeJson.Default.IssuedKey, cancellation), parsed.GetValue(keep) ? tenant : null);
        });
        return command;
    }

    private static Argument<string> Name() => new("name") { Description = "The tenant." };
}
