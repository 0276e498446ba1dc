using System.Xml.Linq;
using Microsoft.AspNetCore.DataProtection.Repositories;
using StackExchange.Redis;

namespace Sophia.Cluster;

/// <summary>The keys that encrypt browsers' cookies, shared by all front ends of a cluster. Losing them signs browsers out and nothing else.</summary>
/// <remarks>A front end that has read them goes on with them while Redis is away. One that has not can neither read nor write cookies until Redis is there.</remarks>
internal sealed class RedisBrowserKeys(RedisConnection redis) : IXmlRepository
{
    private readonly RedisKey key = $"{redis.Cluster}/browser-keys";
    private volatile IReadOnlyCollection<XElement>? lastRead;

    public IReadOnlyCollection<XElement> GetAllElements()
    {
        try
        {
            return lastRead = [.. Database().ListRange(key).Select(element => XElement.Parse(element.ToString()))];
        }
        catch (Exception away) when (away is RedisException or TimeoutException && lastRead is { Count: > 0 } known)
        {
            return known;
        }
    }

    public void StoreElement(XElement element, string friendlyName) =>
        Database().ListRightPush(key, element.ToString(SaveOptions.DisableFormatting));

    // Data protection asks without waiting in turns, at start and once a day.
    private IDatabase Database() => redis.Multiplexer.GetAwaiter().GetResult().GetDatabase();
}
