namespace Sophia.Tenants;

/// <summary>Deletes tenants, for who owns the system tenant: a grace in which it can be taken back, then everything goes.</summary>
internal static class TenantEndEndpoints
{
    public static void MapTenantEnd(this IEndpointRouteBuilder app)
    {
        app.MapPost("/api/tenants/{tenant}/delete", Delete).RequireAuthorization(Roles.Owner).WithTags("Tenants")
            .WithSummary("Suspends a tenant and deletes everything of it after the grace (7 days unless configured); confirm repeats its name. With now and confirmNow \"delete NAME now\" there is no grace. Only the owner of the system tenant may.");
        app.MapPost("/api/tenants/{tenant}/keep", Keep).RequireAuthorization(Roles.Owner).WithTags("Tenants")
            .WithSummary("Takes a deletion back within its grace; the tenant stays suspended until it is resumed. Only the owner of the system tenant may.");
        app.MapGet("/api/tenants/{tenant}/deletion", View).RequireAuthorization(Roles.Owner).WithTags("Tenants")
            .WithSummary("How far a tenant's deletion is, or its tombstone. Only the owner of the system tenant may.");
    }

    /// <exception cref="RefusedException">Conflict: a deleted tenant had the name, and nobody said that it may be taken again.</exception>
    public static async Task MayTakeName(NewTenant request, IGrainFactory grains, ITenantGate gate, string by, TimeProvider time, CancellationToken cancellation)
    {
        await gate.Refresh();
        if (!gate.IsEnded(request.Tenant))
            return;
        var end = grains.GetGrain<ITenantEndGrain>(TenantEnd.KeyOf(request.Tenant));
        if (await end.View() is { DeletedAt: { } at } && !request.ReuseName)
            throw new RefusedException(RefusalCode.Conflict, $"A tenant of this name was deleted on {at.UtcDateTime:yyyy-MM-dd HH:mm} UTC. Say reuseName (--reuse-name) where the new one may have its name.");
        await end.Free(by);
        await gate.Refresh();
        // Until every process knows, some would tell the new tenant that it is deleted.
        await Task.Delay(ITenantGate.HoldsWithin, time, cancellation);
    }

    private static async Task<TenantEndView> Delete(string tenant, DeleteTenant request, HttpContext context, IGrainFactory grains, EdgeOptions options, ITenantGate gate)
    {
        var id = TenantEndpoints.Other(tenant, context, options);
        if (request.Confirm != id.Value)
            throw new RefusedException(RefusalCode.Invalid, "confirm must repeat the name of the tenant that is to be deleted.");
        if (request.Now && request.ConfirmNow != NowWords(id))
            throw new RefusedException(RefusalCode.Invalid, $"Without a grace nobody can take it back: confirmNow must say \"{NowWords(id)}\".");
        using var _ = CallerContext.ForSystem("deletion of a tenant");
        var view = await grains.GetGrain<ITenantEndGrain>(TenantEnd.KeyOf(id)).Delete(request.Now, TenantEndpoints.By(context));
        await gate.Refresh();
        return view;
    }

    private static async Task<IResult> Keep(string tenant, HttpContext context, IGrainFactory grains, EdgeOptions options)
    {
        var id = TenantEndpoints.Other(tenant, context, options);
        using var _ = CallerContext.ForSystem("end of a tenant's deletion");
        await grains.GetGrain<ITenantEndGrain>(TenantEnd.KeyOf(id)).Keep(TenantEndpoints.By(context));
        return Results.NoContent();
    }

    private static async Task<TenantEndView> View(string tenant, HttpContext context, IGrainFactory grains, EdgeOptions options)
    {
        var id = TenantEndpoints.Other(tenant, context, options);
        using var _ = CallerContext.ForSystem("deletion of a tenant");
        return await grains.GetGrain<ITenantEndGrain>(TenantEnd.KeyOf(id)).View() ?? throw new RefusedException(RefusalCode.NotFound, "No deletion of this tenant is on its way.");
    }

    private static string NowWords(TenantId tenant) => $"delete {tenant} now";
}

/// <summary>Confirm repeats the tenant's name. Now: without a grace; then ConfirmNow is "delete NAME now".</summary>
public sealed record DeleteTenant(string? Confirm, bool Now = false, string? ConfirmNow = null);
