using System.CommandLine;
using Sophia.Hosting;
using Sophia.Operations;
using Sophia.Tenants;

namespace Sophia.Commands;

/// <summary>Lists, issues and revokes API keys of the tenant that the command acts for; creates tenants.</summary>
internal static class KeysCommand
{
    public static Command Create()
    {
        var list = new Command("list", "List API keys.");
        var command = new Command("keys", "List API keys; issue or revoke one; create a tenant.") { Issue(), Revoke(), Tenant(), list };
        list.SetAction(Lines);
        command.SetAction(Lines);
        return command;
    }

    /// <summary>What a key may do.</summary>
    public static Option<TenantRole> Role(TenantRole unlessSaid) => new("--role")
    {
        Description = "viewer, analyst, operator, admin or owner.",
        HelpName = "role",
        DefaultValueFactory = _ => unlessSaid,
        CustomParser = given =>
        {
            if (Enum.GetValues<TenantRole>().Where(r => given.Tokens[0].Value.Equals(r.ToString(), StringComparison.OrdinalIgnoreCase)).ToArray() is [var found])
                return found;
            given.AddError($"\"{given.Tokens[0].Value}\" is no role: write viewer, analyst, operator, admin or owner.");
            return default;
        },
    };

    /// <summary>Keeps a tenant's key where commands with --tenant look for it, where that is wanted, and prints it.</summary>
    public static int Print(ParseResult parsed, IssuedKey key, TenantId? keepFor = null)
    {
        if (keepFor is { } tenant)
            HomeFolder.Open(Settings.Options(parsed, quietAs: LogLevel.Warning).DataFolder).WriteKeptKey(tenant, key.Secret);
        Console.Out.WriteLine(parsed.GetValue(Settings.Json) ? System.Text.Json.JsonSerializer.Serialize(key, EdgeJson.Default.IssuedKey) : key.Secret);
        return ExitCodes.Done;
    }

    private static async Task<int> Lines(ParseResult parsed, CancellationToken cancellation)
    {
        await using var api = await Api.Open(parsed, cancellation);
        if (parsed.GetValue(Settings.Json))
        {
            Console.Out.WriteLine(await api.Text(HttpMethod.Get, "api/tenant", null, cancellation));
            return ExitCodes.Done;
        }
        var tenant = await api.Get("api/tenant", EdgeJson.Default.TenantView, cancellation);
        Show.Rows(["key", "label", "role", "issued", "revoked"], tenant.Keys.Select(k => new[]
        {
            k.KeyId, Show.Plain(k.Label), k.Role.ToString().ToLowerInvariant(), Show.Moment(k.CreatedAt), Show.Moment(k.RevokedAt),
        }));
        return ExitCodes.Done;
    }

    private static Command Issue()
    {
        var label = new Argument<string>("label") { Description = "What the key is for." };
        var role = Role(TenantRole.Viewer);
        var command = new Command("issue", "Issue a key; it is printed once.") { label, role };
        command.SetAction(async (parsed, cancellation) =>
        {
            await using var api = await Api.Open(parsed, cancellation);
            var body = Api.Json(new NewKey(parsed.GetValue(label), parsed.GetValue(role)), EdgeJson.Default.NewKey);
            return Print(parsed, await api.Send(HttpMethod.Post, "api/keys", body, EdgeJson.Default.IssuedKey, cancellation));
        });
        return command;
    }

    private static Command Revoke()
    {
        var id = new Argument<string>("key") { Description = $"The key's id, as {SophiaCommand.Name} keys lists it." };
        var command = new Command("revoke", "Revoke a key at once.") { id };
        command.SetAction(async (parsed, cancellation) =>
        {
            await using var api = await Api.Open(parsed, cancellation);
            await api.Text(HttpMethod.Delete, $"api/keys/{Uri.EscapeDataString(parsed.GetValue(id)!)}", null, cancellation);
            Console.Out.WriteLine($"{parsed.GetValue(id)} is revoked");
            return ExitCodes.Done;
        });
        return command;
    }

    private static Command Tenant()
    {
        var name = new Argument<string>("name") { Description = "1 to 63 of a-z, 0-9 and '-'." };
        var display = new Option<string?>("--display-name");
        var keep = new Option<bool>("--keep") { Description = "Keep the key in the data folder, so that commands with --tenant NAME find it." };
        var reuse = new Option<bool>("--reuse-name") { Description = "Also where a tenant that was deleted had the name." };
        var command = new Command("tenant", "Create a tenant and print its owner's key.") { name, display, keep, reuse };
        command.SetAction(async (parsed, cancellation) =>
        {
            if (!TenantId.TryParse(parsed.GetValue(name), out var tenant))
                throw new CommandFailedException("A tenant's name is 1 to 63 of a-z, 0-9 and '-', not starting with '-'.");
            await using var api = await Api.Open(parsed, cancellation);
            var body = Api.Json(new NewTenant(tenant, parsed.GetValue(display) ?? tenant.Value, parsed.GetValue(reuse)), EdgeJson.Default.NewTenant);
            var key = await api.Send(HttpMethod.Post, "api/tenants", body, EdgeJson.Default.IssuedKey, cancellation);
            return Print(parsed, key, parsed.GetValue(keep) ? tenant : null);
        });
        return command;
    }
}
