"""Two clusters that differ in something: what the difference can touch, and a packet that tells them apart."""
