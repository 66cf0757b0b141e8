package com.acme.depot.store;

import com.acme.depot.parcels.Parcel;
import java.sql.Timestamp;
import java.util.Optional;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;

@Repository
public class ParcelStore {
    private final JdbcClient database;

    public ParcelStore(JdbcClient database) {
        this.database = database;
        database.sql("CREATE TABLE IF NOT EXISTS parcel (id VARCHAR PRIMARY KEY, addressee VARCHAR, accepted TIMESTAMP)").update();
    }

    public void put(Parcel parcel) {
        database.sql("INSERT INTO parcel VALUES (?, ?, ?)")
                .params(parcel.id(), parcel.addressee(), Timestamp.from(parcel.accepted()))
                .update();
    }

    public Optional<Parcel> find(String id) {
        return database.sql("SELECT * FROM parcel WHERE id = ?")
                .param(id)
                .query((row, number) -> new Parcel(
                        row.getString("id"), row.getString("addressee"), row.getTimestamp("accepted").toInstant()))
                .optional();
    }
}
