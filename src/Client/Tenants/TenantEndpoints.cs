namespace Sophia.Tenants;

/// <summary>A tenant's own keys, and new tenants for who owns the system tenant.</summary>
internal static class TenantEndpoints
{
    private const int MostLabelCharacters = 100;
    private const int MostReasonCharacters = 500;

    public static void MapTenants(this IEndpointRouteBuilder app)
    {
        app.MapGet("/api/tenant", View).RequireAuthorization(Roles.Admin).WithTags("Tenants").WithSummary("The caller's tenant and its keys, without secrets.");
        app.MapPost("/api/keys", IssueKey).AnswersWithASecret().RequireAuthorization(Roles.Admin).WithTags("Tenants").WithSummary("Issues an API key. Its secret is in this answer and nowhere else.");
        app.MapDelete("/api/keys/{id}", RevokeKey).RequireAuthorization(Roles.Admin).WithTags("Tenants").WithSummary("Revokes a key at once.");
        app.MapPost("/api/tenants", Create).AnswersWithASecret().RequireAuthorization(Roles.Owner).WithTags("Tenants")
            .WithSummary("Creates a tenant and issues its owner's key. Only the owner of the system tenant may.");
        app.MapPost("/api/tenants/{tenant}/keys", Recover).AnswersWithASecret().RequireAuthorization(Roles.Owner).WithTags("Tenants")
            .WithSummary("Issues a key of a tenant whose own keys were lost, and writes that into its audit. Only the owner of the system tenant may.");
        app.MapLifecycle();
        app.MapTenantEnd();
    }

    private static void MapLifecycle(this IEndpointRouteBuilder app)
    {
        app.MapGet("/api/tenants", List).RequireAuthorization(Roles.Owner).WithTags("Tenants").WithSummary($"All tenants and which are suspended. With details, {TenantLines.Most} at a time after a name, also keys, records and room. Only for the owner of the system tenant.");
        app.MapPost("/api/tenants/{tenant}/suspend", Suspend).RequireAuthorization(Roles.Owner).WithTags("Tenants")
            .WithSummary("Suspends a tenant: its requests are refused with the reason and its runs wait, everywhere within 5 seconds; its data stays. Only the owner of the system tenant may.");
        app.MapPost("/api/tenants/{tenant}/resume", Resume).RequireAuthorization(Roles.Owner).WithTags("Tenants").WithSummary("Lifts a suspension. Only the owner of the system tenant may.");
    }

    private static async Task<IReadOnlyList<TenantLine>> List(HttpContext context, IGrainFactory grains, EdgeOptions options, bool details = false, string? after = null)
    {
        MustOwnSystem(context, options);
        return details ? (await grains.Tenants(after)).Lines : await TenantLines.All(grains);
    }

    private static async Task<TenantView> Suspend(string tenant, SuspendTenant request, HttpContext context, IGrainFactory grains, EdgeOptions options, ITenantGate gate)
    {
        var id = await Living(tenant, context, options, gate);
        var because = request.Reason?.Trim() is { Length: >= 1 and <= MostReasonCharacters } text ? text
            : throw new RefusedException(RefusalCode.Invalid, $"reason has 1 to {MostReasonCharacters} characters; the tenant's people are told it.");
        using var _ = CallerContext.ForSystem("suspension of a tenant");
        var view = await grains.GetGrain<ITenantGrain>(TenantKey.Of(id)).Suspend(because, By(context));
        await gate.Refresh();
        return view;
    }

    private static async Task<TenantView> Resume(string tenant, HttpContext context, IGrainFactory grains, EdgeOptions options, ITenantGate gate)
    {
        var id = await Living(tenant, context, options, gate);
        using var _ = CallerContext.ForSystem("end of a tenant's suspension");
        if (await grains.GetGrain<ITenantEndGrain>(TenantEnd.KeyOf(id)).View() is { } ending)
            throw new RefusedException(RefusalCode.Conflict, $"This tenant will be deleted on {ending.DeletesAt.UtcDateTime:yyyy-MM-dd HH:mm} UTC: take that back first.");
        var view = await grains.GetGrain<ITenantGrain>(TenantKey.Of(id)).Resume(By(context));
        await gate.Refresh();
        return view;
    }

    /// <summary>A tenant beside the system's that is not deleted, as far as this process knows; asked anew, because it learns so within seconds only.</summary>
    internal static async Task<TenantId> Living(string tenant, HttpContext context, EdgeOptions options, ITenantGate gate)
    {
        var id = Other(tenant, context, options);
        await gate.Refresh();
        return gate.IsEnded(id) ? throw new RefusedException(RefusalCode.NotFound, "There is no such tenant.") : id;
    }

    internal static TenantId Other(string tenant, HttpContext context, EdgeOptions options)
    {
        MustOwnSystem(context, options);
        if (!TenantId.TryParse(tenant, out var id))
            throw new RefusedException(RefusalCode.NotFound, "There is no such tenant.");
        return id != options.SystemTenant ? id : throw new RefusedException(RefusalCode.Conflict, "The system tenant can be neither suspended nor deleted: nobody could lift it.");
    }

    internal static void MustOwnSystem(HttpContext context, EdgeOptions options)
    {
        if (context.User.Caller().Tenant != options.SystemTenant)
            throw new RefusedException(RefusalCode.Forbidden, "Only the owner of the system tenant may do this.");
    }

    internal static string By(HttpContext context) => context.User.Caller() is var caller ? $"{caller.Tenant} {caller.KeyId}" : "";

    private static async Task<TenantView> View(HttpContext context, IGrainFactory grains) =>
        await Grain(context, grains).View() ?? throw new RefusedException(RefusalCode.NotFound, "There is no such tenant.");

    private static async Task<IResult> IssueKey(NewKey request, HttpContext context, IGrainFactory grains)
    {
        var caller = context.User.Caller();
        if (request.Role > caller.Role)
            throw new RefusedException(RefusalCode.Forbidden, "Nobody issues a key that may do more than he may.");
        var key = await Grain(context, grains).IssueKey(Label(request.Label), request.Role);
        return Results.Json(key, EdgeJson.Readable.IssuedKey, statusCode: StatusCodes.Status201Created);
    }

    private static async Task<IResult> RevokeKey(string id, HttpContext context, IGrainFactory grains, RevokedKeys revoked)
    {
        var caller = context.User.Caller();
        var key = (await View(context, grains)).Keys.FirstOrDefault(known => known.KeyId == id);
        if (key?.Role > caller.Role)
            throw new RefusedException(RefusalCode.Forbidden, "Nobody revokes a key that may do more than he may.");
        if (key is null || !await Grain(context, grains).RevokeKey(id))
            throw new RefusedException(RefusalCode.NotFound, "There is no such key.");
        await revoked.End(caller.Tenant, context);
        return Results.NoContent();
    }

    private static async Task<IResult> Create(NewTenant request, HttpContext context, IGrainFactory grains, EdgeOptions options, CallerReplica callers, ITenantGate gate, TimeProvider time)
    {
        if (context.User.Caller().Tenant != options.SystemTenant)
            throw new RefusedException(RefusalCode.Forbidden, "Only the owner of the system tenant creates tenants.");
        if (request.Tenant.Value is null || request.Tenant.Value == TenantKey.System)
            throw new RefusedException(RefusalCode.Invalid, $"tenant is 1 to {TenantId.MaxLength} of a-z, 0-9 and '-', and not \"{TenantKey.System}\".");
        using var _ = CallerContext.ForSystem("creation of a tenant");
        var grain = grains.GetGrain<ITenantGrain>(TenantKey.Of(request.Tenant));
        await TenantEndEndpoints.MayTakeName(request, grains, gate, By(context), time, context.RequestAborted);
        var key = await grain.Open(Label(request.DisplayName));
        callers.Forget(request.Tenant);
        return Results.Json(key, EdgeJson.Readable.IssuedKey, statusCode: StatusCodes.Status201Created);
    }

    private static async Task<IResult> Recover(string tenant, NewKey request, HttpContext context, IGrainFactory grains, EdgeOptions options, ITenantGate gate)
    {
        MustOwnSystem(context, options);
        await gate.Refresh();
        if (!TenantId.TryParse(tenant, out var id) || gate.IsEnded(id))
            throw new RefusedException(RefusalCode.NotFound, "There is no such tenant.");
        var label = Label(request.Label);
        using var _ = CallerContext.ForSystem("a tenant's lost key");
        var key = await grains.GetGrain<ITenantGrain>(TenantKey.Of(id)).Recover(label, request.Role, By(context));
        return Results.Json(key, EdgeJson.Readable.IssuedKey, statusCode: StatusCodes.Status201Created);
    }

    private static ITenantGrain Grain(HttpContext context, IGrainFactory grains) => grains.GetGrain<ITenantGrain>(TenantKey.Of(context.User.Caller().Tenant));

    private static string Label(string? text) => text?.Trim() is { Length: >= 1 and <= MostLabelCharacters } label
        ? label
        : throw new RefusedException(RefusalCode.Invalid, $"A label or displayName has 1 to {MostLabelCharacters} characters.");
}

/// <summary>ReuseName: also where a tenant that was deleted had the name.</summary>
public sealed record NewTenant(TenantId Tenant, string? DisplayName, bool ReuseName = false);

/// <summary>Reason is what the tenant's people are told, 1 to 500 characters.</summary>
public sealed record SuspendTenant(string? Reason);

public sealed record NewKey(string? Label, TenantRole Role = TenantRole.Viewer);
