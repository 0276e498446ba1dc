using System.Net.Http.Json;
using Microsoft.Extensions.DependencyInjection;
using Sophia.Hosting;
using Sophia.Log;

namespace Sophia.Tenants;

// Goal: whoever is interrupted while he takes a deletion back says it again. Method: the call that tells the tenant is lost, before and after it is done.
public sealed class InterruptedKeepTests : TenantEndSuite
{
    private readonly LostSuspension lost = new();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_deletion_that_was_taken_back_halfway_is_taken_back_by_saying_so_again(bool afterwards)
    {
        App.Adapt = builder =>
        {
            Hasty(builder);
            builder.Services.AddSingleton<IOutgoingGrainCallFilter>(lost);
        };
        await App.Restart();
        var name = $"half{Guid.NewGuid():n}"[..12];
        await App.NewTenant(name);
        await Ok(App.Owner.PostAsJsonAsync($"/api/tenants/{name}/delete", new { confirm = name }));
        lost.Armed = afterwards;
        Assert.False((await App.Owner.PostAsync($"/api/tenants/{name}/keep", null)).IsSuccessStatusCode);
        await App.Restart();

        await Ok(App.Owner.PostAsync($"/api/tenants/{name}/keep", null));
        var audit = await App.Services.GetRequiredService<ILogStore>().Current(TenantId.Parse(name), "audit/tenant", null, 20, default);
        Assert.Contains(audit, row => row.Key.StartsWith("keep-", StringComparison.Ordinal));
        Assert.Contains("taken back", (await (await App.Owner.GetAsync("/api/tenants")).Json()).EnumerateArray().Single(line => line.GetProperty("tenant").GetString() == name).ToString());
        await Ok(App.Owner.PostAsync($"/api/tenants/{name}/resume", null));
        await (await App.Owner.PostAsync($"/api/tenants/{name}/keep", null)).Problem(404, "not-found");
    }

    /// <summary>Loses one suspension that says that a deletion was taken back: the call, or its answer.</summary>
    private sealed class LostSuspension : IOutgoingGrainCallFilter
    {
        private bool struck;

        /// <summary>Whether the call is done before it is lost.</summary>
        public bool Armed { get; set; }

        public async Task Invoke(IOutgoingGrainCallContext context)
        {
            var isMeant = !struck && context.InterfaceMethod.Name == nameof(ITenantGrain.Suspend) && context.Request.GetArgument(0) is string said && said.Contains("taken back", StringComparison.Ordinal);
            struck |= isMeant;
            if (isMeant && !Armed)
                throw new IOException("The call was lost.");
            await context.Invoke();
            if (isMeant)
                throw new IOException("The answer was lost.");
        }
    }
}
