using Sophia.Security;
using Sophia.Tenants;

namespace Sophia.Hosting;

/// <summary>Sees to it that there is a tenant to work in, and a key for the commands of whoever owns the data folder.</summary>
internal static class FirstTenant
{
    /// <summary>The owner's key: the one in the folder where it still works, else a new one.</summary>
    public static async Task<string> Ensure(IGrainFactory grains, HomeFolder folder)
    {
        using var _ = CallerContext.ForSystem("first tenant");
        var tenant = grains.GetGrain<ITenantGrain>(TenantKey.Of(RunningSophia.DefaultTenant));
        if (await tenant.View() is null)
            await tenant.Create("Default");
        if (HomeFolder.CliKey(folder.Path) is { } kept && await tenant.Authenticate(Secrets.HashOf(kept)) is not null)
            return kept;
        var key = await tenant.IssueKey("command line", TenantRole.Owner);
        folder.WriteCliKey(key.Secret);
        return key.Secret;
    }
}
