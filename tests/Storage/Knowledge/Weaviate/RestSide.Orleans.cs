using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace Sophia.Knowledge.StandIn;

/// <summary>The REST paths that Sophia's client calls; each request is held against the public description.</summary>
internal sealed class RestSide(WeaviateStandIn standIn, OpenApiCheck description)
{
    public async Task Serve(HttpContext context)
    {
        var path = context.Request.Path.Value![3..];
        var body = context.Request.ContentLength > 0 || context.Request.Headers.TransferEncoding.Count > 0 ? await JsonNode.ParseAsync(context.Request.Body, cancellationToken: context.RequestAborted) : null;
        var (template, wrong) = description.Check(context.Request.Method, path, body);
        foreach (var violation in wrong)
            standIn.Violations.Enqueue($"{context.Request.Method} {path}: {violation}");
        var call = $"{context.Request.Method} {template}";
        var trouble = standIn.Next(call);
        if (!standIn.Knows(context))
            await Write(context, 401, Error("anonymous access not enabled"));
        else if (trouble is Trouble.TooMany or Trouble.Unavailable or Trouble.Broken)
            await Write(context, trouble switch { Trouble.TooMany => 429, Trouble.Unavailable => 503, _ => 500 }, Error($"could not handle {body?.ToJsonString()} topsecret words"));
        else if (trouble == Trouble.Silent)
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
        else
            await Answer(context, call, path.Split('/', StringSplitOptions.RemoveEmptyEntries), body, trouble);
    }

    private async Task Answer(HttpContext context, string call, string[] path, JsonNode? body, Trouble trouble)
    {
        try
        {
            var (status, answer) = Do(call, path, body);
            if (trouble == Trouble.AnswerLost)
                context.Abort();
            else
                await Write(context, status, answer);
        }
        catch (RefusedRequest refused)
        {
            await Write(context, 422, Error(refused.Message));
        }
    }

    private (int Status, JsonNode? Answer) Do(string call, string[] path, JsonNode? body)
    {
        var objects = standIn.Objects;
        switch (call)
        {
            case "GET /meta":
                return (200, new JsonObject { ["hostname"] = "http://stand-in", ["version"] = "1.40.0", ["modules"] = new JsonObject(), ["grpcMaxMessageSize"] = 104_858_000 });
            case "GET /.well-known/live" or "GET /.well-known/ready":
                return (200, null);
            case "GET /schema":
                return (200, new JsonObject { ["classes"] = new JsonArray([.. objects.Definitions.Select(definition => (JsonNode)definition.Json.DeepClone())]) });
            case "POST /schema":
                objects.Define(body!.AsObject());
                return (200, body.DeepClone());
            case "GET /schema/{className}":
                return objects.Has(path[1]) ? (200, objects.Definition(path[1]).Json.DeepClone()) : (404, Error("no such class"));
            case "PUT /schema/{className}":
                objects.Redefine(path[1], body!.AsObject());
                return (200, body.DeepClone());
            case "POST /schema/{className}/tenants":
                foreach (var tenant in body!.AsArray())
                    objects.AddTenant(path[1], tenant!["name"]!.GetValue<string>());
                return (200, body.DeepClone());
            case "DELETE /schema/{className}/tenants":
                // Names that are no tenants are passed over.
                foreach (var tenant in body!.AsArray())
                    objects.RemoveTenant(path[1], tenant!.GetValue<string>());
                return (200, null);
            case "HEAD /schema/{className}/tenants/{tenantName}":
                return (objects.TenantsOf(path[1]).Contains(path[3]) ? 200 : 404, null);
            case "GET /schema/{className}/tenants/{tenantName}":
                return objects.TenantsOf(path[1]).Contains(path[3]) ? (200, new JsonObject { ["name"] = path[3], ["activityStatus"] = "ACTIVE" }) : (404, Error("tenant not found"));
            case "PATCH /objects/{className}/{id}":
                return objects.Merge(path[1], body!["tenant"]?.GetValue<string>() ?? "", Guid.Parse(path[2]), body.AsObject()) ? (204, null) : (404, null);
            default:
                standIn.Violations.Enqueue($"{call} is not known here");
                return (404, Error("unknown path"));
        }
    }

    private static JsonObject Error(string message) => new() { ["error"] = new JsonArray(new JsonObject { ["message"] = message }) };

    private static async Task Write(HttpContext context, int status, JsonNode? answer)
    {
        context.Response.StatusCode = status;
        if (answer is null)
            return;
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(answer.ToJsonString(JsonSerializerOptions.Default), context.RequestAborted);
    }
}
