using System.Buffers.Binary;
using System.Reflection;
using System.Text.Json.Nodes;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Microsoft.AspNetCore.Http;
using Weaviate.Client;

namespace Sophia.Knowledge.StandIn;

/// <summary>The gRPC methods that Sophia calls. Messages are read and written by the descriptors that the client brings along, as JSON.</summary>
internal sealed class GrpcSide(WeaviateStandIn standIn)
{
    private static readonly ServiceDescriptor Service = ((FileDescriptor)typeof(WeaviateClient).Assembly.GetType("Weaviate.Client.Grpc.Protobuf.V1.WeaviateReflection", throwOnError: true)!
        .GetProperty("Descriptor", BindingFlags.Public | BindingFlags.Static)!.GetValue(null)!).Services.Single(service => service.Name == "Weaviate");

    public async Task Serve(HttpContext context)
    {
        var name = context.Request.Path.Value!.Split('/')[^1];
        context.Response.ContentType = "application/grpc";
        if (name == "Check")
        {
            await Answer(context, [8, 1]); // SERVING
            return;
        }
        var (method, trouble) = (Service.FindMethodByName(name), standIn.Next(name));
        if (!standIn.Knows(context))
            await Fail(context, 16, "anonymous access not enabled");
        else if (method is null)
            await Fail(context, 12, name);
        else if (await Interfered(context, trouble))
            return;
        else
        {
            var request = JsonNode.Parse(JsonFormatter.Default.Format(method.InputType.Parser.ParseFrom(await Message(context))))!.AsObject();
            try
            {
                var reply = Reply(name, request, trouble);
                if (trouble == Trouble.AnswerLost)
                    context.Abort();
                else
                    await Answer(context, JsonParser.Default.Parse(reply.ToJsonString(), method.OutputType).ToByteArray());
            }
            catch (RefusedRequest refused)
            {
                await Fail(context, 2, refused.Message);
            }
        }
    }

    private JsonObject Reply(string name, JsonObject request, Trouble trouble) => name switch
    {
        "Search" => Search(request),
        "Aggregate" => new JsonObject { ["singleResult"] = new JsonObject { ["objectsCount"] = Of(request).Where(ObjectFilter.Of(request["filters"], standIn.Objects.Definition(Text(request, "collection")))).Count().ToString() } },
        "BatchObjects" => Insert(request["objects"]!.AsArray(), trouble),
        "BatchDelete" => Delete(request),
        "TenantsGet" => new JsonObject
        {
            ["tenants"] = new JsonArray([.. standIn.Objects.TenantsOf(Text(request, "collection")).Where(tenant => request["names"]?["values"]?.AsArray().Any(n => n!.GetValue<string>() == tenant) ?? true)
                .Select(tenant => (JsonNode)new JsonObject { ["name"] = tenant, ["activityStatus"] = "TENANT_ACTIVITY_STATUS_ACTIVE" })]),
        },
        _ => throw new RefusedRequest($"{name} is not known here"),
    };

    private JsonObject Search(JsonObject request)
    {
        var definition = standIn.Objects.Definition(Text(request, "collection"));
        var limit = request["limit"]?.GetValue<int>() ?? 10;
        if (limit > 10_000)
            throw new RefusedRequest("query maximum results exceeded");
        var passing = Of(request).Where(ObjectFilter.Of(request["filters"], definition)).ToList();
        var found = new ObjectSearch(definition, [.. Of(request)], passing).Answer(request, limit);
        var wanted = request["properties"]?["nonRefProperties"]?.AsArray().Select(n => n!.GetValue<string>()).ToList() ?? definition.Properties.Keys.ToList();
        var vectors = request["metadata"]?["vectors"]?.AsArray().Select(n => n!.GetValue<string>()).ToList() ?? [];
        return new JsonObject { ["results"] = new JsonArray([.. found.Take(limit).Select(hit => (JsonNode)ResultJson.Of(hit, definition, wanted, vectors))]) };
    }

    private JsonObject Insert(JsonArray objects, Trouble trouble)
    {
        var errors = new JsonArray();
        for (var i = 0; i < objects.Count; i++)
            try
            {
                if (trouble == Trouble.AllRefused || trouble == Trouble.HalfRefused && i % 2 == 1 || trouble == Trouble.TextRefused && objects[i]!["properties"]!["nonRefProperties"]!["text"]?.GetValue<string>() is { Length: > 0 })
                    throw new RefusedRequest($"cannot store {objects[i]!["properties"]!.ToJsonString()}");
                standIn.Objects.Put(objects[i]!.AsObject());
            }
            catch (RefusedRequest refused)
            {
                errors.Add(new JsonObject { ["index"] = i, ["error"] = refused.Message });
            }
        return new JsonObject { ["errors"] = errors };
    }

    private JsonObject Delete(JsonObject request)
    {
        var matches = Of(request).Where(ObjectFilter.Of(request["filters"], standIn.Objects.Definition(Text(request, "collection")))).Take(standIn.Objects.DeletedAtOnce).ToList();
        foreach (var match in matches)
            standIn.Objects.Remove(Text(request, "collection"), Text(request, "tenant"), match.Id);
        return new JsonObject { ["matches"] = matches.Count.ToString(), ["successful"] = matches.Count.ToString() };
    }

    private IReadOnlyCollection<StoredObject> Of(JsonObject request) => standIn.Objects.Of(Text(request, "collection"), Text(request, "tenant"));

    private static string Text(JsonObject request, string name) => request[name]?.GetValue<string>() ?? "";

    private static async Task<bool> Interfered(HttpContext context, Trouble trouble)
    {
        switch (trouble)
        {
            case Trouble.TooMany:
                await Fail(context, 8, "too many requests");
                return true;
            case Trouble.Unavailable:
                await Fail(context, 14, "shutting down");
                return true;
            case Trouble.Broken:
                await Fail(context, 13, "could not handle " + Convert.ToBase64String(await Message(context)) + " topsecret words");
                return true;
            case Trouble.Silent:
                await Task.Delay(Timeout.Infinite, context.RequestAborted);
                return true;
            default:
                return false;
        }
    }

    private static async Task<byte[]> Message(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        return body.ToArray()[5..];
    }

    private static async Task Answer(HttpContext context, byte[] message)
    {
        var frame = new byte[5 + message.Length];
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(1), (uint)message.Length);
        message.CopyTo(frame, 5);
        context.Response.AppendTrailer("grpc-status", "0");
        await context.Response.Body.WriteAsync(frame, context.RequestAborted);
    }

    private static Task Fail(HttpContext context, int status, string message)
    {
        context.Response.Headers["grpc-status"] = status.ToString();
        context.Response.Headers["grpc-message"] = Uri.EscapeDataString(message);
        return Task.CompletedTask;
    }
}

/// <summary>Weaviate would refuse this.</summary>
internal sealed class RefusedRequest(string message) : Exception(message);
