using Sophia.Log;
using Weaviate.Client;

namespace Sophia.Knowledge;

/// <summary>Makes one family of what the client throws. Neither a message of Weaviate nor an exception that carries one goes further: they quote what was sent.</summary>
internal static class WeaviateFault
{
    public static StorageException Of(Exception failure, string server) => failure switch
    {
        StorageException known => known,
        WeaviateAuthenticationException or WeaviateAuthorizationException => new(StorageFault.Unreachable, $"Weaviate at {server} refuses the key (SOPHIA_WEAVIATE_KEY)."),
        WeaviateTimeoutException or OperationCanceledException or TimeoutException => new(StorageFault.Unreachable, $"Weaviate at {server} did not answer in time."),
        WeaviateNotFoundException => new(StorageFault.Corrupt, $"Weaviate at {server} lacks a collection or tenant that the index is in. Rebuild the index."),
        WeaviateServerException or WeaviateClientException or HttpRequestException or Grpc.Core.RpcException => Status(failure) is { } status && IsLasting(status)
            ? new(StorageFault.Unknown, $"Weaviate at {server} refused a request ({status}).")
            : new(StorageFault.Unreachable, $"Weaviate at {server} cannot be reached or is overloaded ({Status(failure) ?? "no connection"})."),
        _ => new(StorageFault.Unknown, $"Weaviate at {server}: {failure.GetType().Name}."),
    };

    private static bool IsLasting(string status) => status is "InvalidArgument" or "NotFound" or "FailedPrecondition" or "Unimplemented" or "Unknown" or "Internal" or "BadRequest" or "UnprocessableEntity";

    private static string? Status(Exception failure)
    {
        for (var at = failure; at is not null; at = at.InnerException)
            switch (at)
            {
                case Grpc.Core.RpcException rpc: return rpc.StatusCode.ToString();
                case WeaviateBadRequestException: return "BadRequest";
                case WeaviateUnprocessableEntityException: return "UnprocessableEntity";
                case HttpRequestException { StatusCode: { } code }: return code.ToString();
                case { } other when other.GetType().GetProperty("StatusCode")?.GetValue(other) is System.Net.HttpStatusCode code: return code.ToString();
            }
        return null;
    }
}

/// <summary>Weaviate takes passages, but not these: the fault is the record's.</summary>
internal sealed class PassageRefusedException(int refused, int of) : Exception($"Weaviate refused {refused} of {of} passages.");
